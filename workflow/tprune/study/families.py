"""Families: methods whose models stand on one front.

The dense models from scratch, of whatever size, are one family, as their sizes are what its user would
choose among, those that learn from the control another; so is magnitude with its own counts and with SHS's,
and SHS with the ablations that differ from it in the width alone, which is a size too. Every other method is
a family of its own, other ablations too.
"""

from collections.abc import Mapping
from types import MappingProxyType

SCRATCH = "scratch"
TAUGHT_SCRATCH = "scratch_taught"
MAGNITUDE = "magnitude"
UNPRUNED = ("baseline", "control")
OURS = "shs"


def family(method: str, placed: Mapping[str, str] = MappingProxyType({})) -> str:
    """The family of a method: scratch for scratch-NAME, magnitude for magnitude_matched, else itself.

    What a name does not tell is `placed`, a family by method: SHS in another width, and who has a teacher.
    """
    if method in placed:
        return placed[method]
    if method.startswith(f"{SCRATCH}-"):
        return SCRATCH
    return MAGNITUDE if method == f"{MAGNITUDE}_matched" else method


def is_shs(method: str) -> bool:
    """Whether the method is SHS or one of its ablations shs-NAME."""
    return method == OURS or method.startswith(f"{OURS}-")
