"""What TPrune (2021) reports, on phones, as a band in figures of the trade-off."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from tprune.figures.canvas import GREY, ORANGE

PAPER_SPEEDUP = (1.16, 1.92)
PAPER_CHANGE = (-8.0, 0.0)
"""BLEU, in percent."""


def draw_paper_band(panel: Axes) -> None:
    """Shade the band, and mark the control: no speed-up and no change of BLEU."""
    corner, size = (PAPER_SPEEDUP[0], PAPER_CHANGE[0]), PAPER_CHANGE[1] - PAPER_CHANGE[0]
    width = PAPER_SPEEDUP[1] - PAPER_SPEEDUP[0]
    panel.add_patch(Rectangle(corner, width, size, facecolor=ORANGE, alpha=0.16, zorder=0))
    panel.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    panel.axvline(1, color=GREY, linewidth=0.8, zorder=1)
