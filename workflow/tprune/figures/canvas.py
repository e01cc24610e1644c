"""The sheet every figure is drawn on: one style, one palette, written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tprune.atomic import atomic_path

# Okabe and Ito (2008): told apart in every common kind of colour blindness.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#8C8C8C"
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "svg.hashsalt": "tprune",
}
# Dates would make equal figures differ.
UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


@dataclass(frozen=True)
class Sheet:
    """Where a figure goes and its resolution; the format is the path's suffix: png, svg or pdf."""

    path: Path
    dpi: int


@contextmanager
def canvas(sheet: Sheet, width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of `width` x `height` inches; save it when the block ends without error.

    pyplot is not used and its settings are left as they were.
    """
    suffix = sheet.path.suffix.removeprefix(".")
    with rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with atomic_path(sheet.path) as partial:
            figure.savefig(partial, format=suffix, dpi=sheet.dpi, metadata=UNDATED[suffix])


def hide_unused(axes: list[Axes], used: int) -> None:
    """Blank the panels after the first `used`."""
    for panel in axes[used:]:
        panel.set_axis_off()
