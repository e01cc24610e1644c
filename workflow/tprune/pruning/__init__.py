"""Pruning: score the lines, decide how many go and which, take them out, restore the quality."""
