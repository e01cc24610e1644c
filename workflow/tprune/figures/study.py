"""The study's figures: the trade-off of all methods with their fronts, and the area between fronts."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from tprune.figures.canvas import GREY, ORANGE, Sheet, canvas, hide_unused
from tprune.figures.methods import Look, looks
from tprune.figures.paper_band import PAPER_CHANGE, draw_paper_band
from tprune.study.area import RANGE
from tprune.study.families import UNPRUNED
from tprune.study.front import front_of
from tprune.study.points import compared, settings

DEEPEST = -30.0
"""Changes of BLEU below this (percent) would press all others together; they are counted instead."""
TICKS = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6)


def draw_trade_off(points: pd.DataFrame, dtype: str, beam: int, sheet: Sheet) -> None:
    """Every operating point of a dtype and beam, with the deviation of BLEU and the interval of the speed-up.

    Each family's Pareto front is a line; its points off the front are pale. The speed-up is on a
    logarithmic axis. What the paper reports is shaded. `points` is from `tprune.study.points.build`.
    """
    shown = compared(points, dtype, beam).dropna(subset=["bleu_change_percent"])
    with canvas(sheet, 9.6, 5.8) as figure:
        panel = figure.subplots()
        draw_paper_band(panel)
        families = looks(shown["family"])
        for name, look in families.items():
            _family(panel, shown[shown["family"] == name], look, name not in UNPRUNED)
        panel.set_title(f"{dtype}, beam {beam}, batch 1", loc="left", pad=8)
        panel.set_xlabel("speed-up over the control (forced lengths)")
        panel.set_ylabel("change of BLEU against the control (%)")
        if len(shown):
            _axes(panel, shown)
        _legend(figure, families)


def draw_areas(areas: pd.DataFrame, sheet: Sheet) -> None:
    """Bars of how far SHS's front is above each rival's, a panel per dtype and beam, the nearest on top."""
    pairs = settings(areas)
    families = looks(areas["method"])
    columns = min(2, len(pairs))
    rows = math.ceil(len(pairs) / columns) if columns else 1
    with canvas(sheet, 1.5 + 4.8 * max(columns, 1), 1.0 + (0.9 + 0.3 * len(families)) * rows) as figure:
        panels = list(figure.subplots(rows, max(columns, 1), squeeze=False).flat)
        for panel, (dtype, beam) in zip(panels, pairs, strict=False):
            chosen = areas[(areas["dtype"] == dtype) & (areas["beam"] == beam)]
            chosen = chosen.dropna(subset=["ahead"]).sort_values("ahead")
            low = chosen["ahead"] - chosen["ahead_low"].fillna(chosen["ahead"])
            high = chosen["ahead_high"].fillna(chosen["ahead"]) - chosen["ahead"]
            panel.barh(
                [
                    f"{families[name].title} (to {until:.2g}x)"
                    for name, until in zip(chosen["method"], chosen["ahead_until"], strict=True)
                ],
                chosen["ahead"],
                xerr=[low.clip(lower=0), high.clip(lower=0)],
                color=[families[name].colour for name in chosen["method"]],
                error_kw={"elinewidth": 1.2, "capsize": 3},
                height=0.68,
            )
            panel.axvline(0, color=GREY, linewidth=0.8)
            panel.invert_yaxis()
            panel.grid(visible=False, axis="y")
            panel.set_title(f"{dtype}, beam {beam}", loc="left")
        hide_unused(panels, len(pairs))
        figure.supxlabel(
            f"BLEU of SHS above the rival: mean from {RANGE[0]:g}x up to where both reach, "
            f"{RANGE[1]:g}x at most (bars: 95 %, seeds and timing)",
            fontsize=10,
        )


def _family(panel: Axes, rows: pd.DataFrame, look: Look, has_front: bool) -> None:
    speedup, change = rows["speedup"].to_numpy(), rows["bleu_change_percent"].to_numpy()
    front = front_of(speedup, change)
    if has_front:
        panel.plot(*front, color=look.colour, linestyle=look.dashes, linewidth=1.6, alpha=0.85, zorder=2)
    on_front = set(zip(*front, strict=True))
    for _, row in rows.iterrows():
        place = row["speedup"], row["bleu_change_percent"]
        deviation = row["bleu_change_percent_sd"]
        panel.errorbar(
            *place,
            xerr=[[max(0.0, place[0] - row["speedup_low"])], [max(0.0, row["speedup_high"] - place[0])]],
            yerr=None if pd.isna(deviation) else deviation,
            fmt=look.marker,
            color=look.colour,
            alpha=1.0 if place in on_front or not has_front else 0.4,
            markersize=12 if look.marker == "*" else 7,
            markeredgecolor="white",
            markeredgewidth=0.7,
            elinewidth=1.1,
            capsize=2.5,
            zorder=4 if place in on_front else 3,
        )


def _axes(panel: Axes, shown: pd.DataFrame) -> None:
    panel.set_xscale("log")
    panel.set_xlim(min(0.95, shown["speedup_low"].min()) * 0.98, max(2.0, shown["speedup_high"].max()) * 1.05)
    panel.xaxis.set_major_locator(FixedLocator(TICKS))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_minor_formatter(NullFormatter())
    changes = shown["bleu_change_percent"]
    below = int((changes < DEEPEST).sum())
    margin = 0.06 * (changes.max() - max(changes.min(), DEEPEST)) + 0.5
    lowest = max(min(changes.min(), PAPER_CHANGE[0]), DEEPEST)
    panel.set_ylim(lowest - margin, max(changes.max(), 0) + 2 * margin)
    if below:
        panel.annotate(
            f"{below} point{'s lie' if below > 1 else ' lies'} below {DEEPEST:g} %",
            (0.02, 0.02),
            xycoords="axes fraction",
            fontsize=9,
            color=GREY,
        )


def _legend(figure: Figure, families: dict[str, Look]) -> None:
    handles: list[Line2D | Patch] = [
        Line2D(
            [],
            [],
            linestyle="" if name in UNPRUNED else look.dashes,
            marker=look.marker,
            color=look.colour,
            markersize=8,
            markeredgecolor="white",
            label=look.title,
        )
        for name, look in families.items()
    ]
    handles.append(Patch(facecolor=ORANGE, alpha=0.25, label="paper, on phones:\n1.16-1.92x, 0 to -8 %"))
    figure.legend(
        handles=handles,
        loc="outside right upper",
        title="lines: Pareto fronts\nbars: deviation over seeds (none:\none seed), interval of the speed-up",
        title_fontsize=9,
        alignment="left",
    )
