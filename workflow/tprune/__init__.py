"""TPrune: structured pruning of fairseq Transformers, proven by latency on the device."""

__version__ = "0.1.0"
