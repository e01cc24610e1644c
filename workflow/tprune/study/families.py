"""Families: methods whose models stand on one front.

The dense models from scratch, of whatever size, are one family, as their sizes are what its user would
choose among. Every other method is a family of its own, ablations of SHS too.
"""

SCRATCH = "scratch"
UNPRUNED = ("baseline", "control")
OURS = "shs"


def family(method: str) -> str:
    """The family of a method: scratch for scratch-NAME, else the method itself."""
    return SCRATCH if method.startswith(f"{SCRATCH}-") else method


def is_shs(method: str) -> bool:
    """Whether the method is SHS or one of its ablations shs-NAME."""
    return method == OURS or method.startswith(f"{OURS}-")
