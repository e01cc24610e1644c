"""TPrune: structured pruning of fairseq Transformers, judged by latency measured on this machine."""

__version__ = "0.1.0"
