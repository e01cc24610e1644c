"""TPrune: structured pruning of fairseq Transformers, judged by latency measured on devices."""

__version__ = "0.1.0"
