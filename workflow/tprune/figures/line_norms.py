"""Histograms of line norms: whether a penalty has split lines into large and small."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tprune.figures.canvas import BLACK, GREY, PALETTE, Sheet, canvas, hide_unused
from tprune.figures.profile import COMPONENT_TITLES
from tprune.tables.points import Point

COLUMNS = ("stack", "component", "kind", "norm")
BINS = np.linspace(0, 1, 41)
KIND_TITLES = {"qk": "Q/K", "vo": "V/O", "ffn": "FFN1/FFN2"}
PANELS_PER_ROW = 3


def draw(norms: Sequence[tuple[Point, pd.DataFrame]], thresholds: Sequence[float], sheet: Sheet) -> None:
    """Draw a panel per stack, component and kind, a histogram per penalised model.

    Each table has stack, component, kind and norm (relative to the largest of its head); layers and heads
    are pooled. `thresholds` are drawn as lines: what lies to their right is requested; counts are then
    averaged and rounded (see `tprune.pruning.counts`).
    """
    sets = list(dict.fromkeys(itertools.chain.from_iterable(_set_of_line(table) for _, table in norms)))
    rows = -(-len(sets) // PANELS_PER_ROW)
    with canvas(sheet, 4.0 * PANELS_PER_ROW, 0.8 + 2.7 * rows) as figure:
        panels = list(figure.subplots(rows, PANELS_PER_ROW, squeeze=False, sharex=True).flat)
        for panel, (stack, component, kind) in zip(panels, sets, strict=False):
            chosen = [
                (point, table["norm"][_in_set(table, stack, component, kind)]) for point, table in norms
            ]
            _histograms(panel, chosen, thresholds)
            name = COMPONENT_TITLES.get(component, component)
            suffix = "" if component == "ffn" else f", {KIND_TITLES.get(kind, kind)}"
            panel.set_title(f"{stack} {name}{suffix}", loc="left")
        hide_unused(panels, len(sets))
        for panel in panels[len(sets) - PANELS_PER_ROW : len(sets)]:
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("norm relative to the head's largest")
        for panel in panels[::PANELS_PER_ROW]:
            panel.set_ylabel("% of the lines")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(handles), 5))


def _set_of_line(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(table["stack"], table["component"], table["kind"], strict=True))


def _in_set(table: pd.DataFrame, stack: str, component: str, kind: str) -> pd.Series:
    return (table["stack"] == stack) & (table["component"] == component) & (table["kind"] == kind)


def _histograms(panel: Axes, chosen: list[tuple[Point, pd.Series]], thresholds: Sequence[float]) -> None:
    colours = iter(PALETTE * (1 + len(chosen) // len(PALETTE)))
    for point, norms in chosen:
        unpenalised = float(point.strength) == 0
        panel.hist(
            norms,
            bins=BINS.tolist(),
            weights=np.full(len(norms), 100 / max(len(norms), 1)),
            histtype="stepfilled" if unpenalised else "step",
            color="#D0D0D0" if unpenalised else next(colours),
            linewidth=1.6,
            label="no penalty" if unpenalised else f"{point.method}, strength {point.strength}",
        )
    for index, threshold in enumerate(thresholds):
        panel.axvline(
            threshold, color=BLACK, linestyle=":", linewidth=1.2, label=None if index else "thresholds"
        )
    panel.set_xlim(0, 1)
    panel.axhline(0, color=GREY, linewidth=0.8)
