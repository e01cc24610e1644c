"""What the configured run will cost, foretold from the times of a finished one."""
