"""Training with fairseq: the command line, the plugin's parts, resuming, and what comes of it."""
