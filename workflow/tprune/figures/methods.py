"""How each family of methods looks, in every figure that shows several."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tprune.figures.canvas import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from tprune.study.families import SCRATCH, TAUGHT_SCRATCH, is_shs

ABLATION = "ablation"
"""What all ablations of SHS are called where they are not told apart."""


Dashes = Literal["-", "--", "-.", ":"]


@dataclass(frozen=True)
class Look:
    """Marker and colour of a family's points, dashes of its front, its name in the legend."""

    marker: str
    colour: str
    dashes: Dashes
    title: str


LOOKS = {
    "baseline": Look("X", GREY, "-", "baseline"),
    "control": Look("*", BLACK, "-", "control"),
    "shs": Look("o", BLUE, "-", "SHS"),
    SCRATCH: Look("D", PURPLE, "-", "smaller, from scratch"),
    TAUGHT_SCRATCH: Look("D", SKY, "-.", "smaller, from scratch, taught"),
    "magnitude": Look("^", VERMILION, "-", "magnitude"),
    "group_lasso": Look("s", GREEN, "-", "group lasso"),
    "taylor": Look("<", "#882255", "-.", "Taylor scores"),
    "heads": Look("P", ORANGE, "-", "whole heads"),
    "random": Look("v", GREY, "-", "random lines"),
    ABLATION: Look("h", SKY, "--", "SHS otherwise"),
}
# Ablations of SHS told apart: its kin by marker, apart by colour and dashes.
_ABLATIONS: tuple[tuple[str, Dashes], ...] = (
    (SKY, "--"),
    ("#CC6677", "-."),
    ("#999933", ":"),
    ("#332288", "--"),
    ("#44AA99", "-."),
)
_OTHERS = (("h", "#332288"), ("d", "#999933"), (">", "#882255"), ("p", "#44AA99"))


def looks(families: Iterable[str]) -> dict[str, Look]:
    """A look for every family, those that are known first, in the order of `LOOKS`."""
    names = list(dict.fromkeys(families))
    found = {name: look for name, look in LOOKS.items() if name in names}
    strange = [name for name in names if name not in LOOKS]
    ablations = [name for name in strange if is_shs(name)]
    for name, (colour, dashes) in zip(ablations, itertools.cycle(_ABLATIONS), strict=False):
        found[name] = Look("o", colour, dashes, f"SHS, {name.partition('-')[2]}")
    others = [name for name in strange if not is_shs(name)]
    for name, (marker, colour) in zip(others, itertools.cycle(_OTHERS), strict=False):
        found[name] = Look(marker, colour, "--", name.replace("_", " "))
    return found
