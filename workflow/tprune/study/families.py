"""Families: methods whose models stand on one front.

The dense models from scratch, of whatever size, are one family, as their sizes are what its user would
choose among; so is magnitude with its own counts and with SHS's. Every other method is a family of its own,
ablations of SHS too.
"""

SCRATCH = "scratch"
MAGNITUDE = "magnitude"
UNPRUNED = ("baseline", "control")
OURS = "shs"


def family(method: str) -> str:
    """The family of a method: scratch for scratch-NAME, magnitude for magnitude_matched, else itself."""
    if method.startswith(f"{SCRATCH}-"):
        return SCRATCH
    return MAGNITUDE if method == f"{MAGNITUDE}_matched" else method


def is_shs(method: str) -> bool:
    """Whether the method is SHS or one of its ablations shs-NAME."""
    return method == OURS or method.startswith(f"{OURS}-")
