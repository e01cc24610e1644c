"""The sparsity profile: where lines died, as heat maps, and what their death cost."""

import itertools
import textwrap
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tprune.figures.canvas import PALETTE, Sheet, canvas

COLUMNS = (
    *("stack", "layer", "component", "matrix", "head", "axis"),
    *("strength", "lines", "dead", "valid_loss"),
)
AXIS_TITLES = {
    "output": "output lines (one unit's incoming weights)",
    "input": "input lines (one unit's outgoing weights)",
}
COMPONENT_TITLES = {
    "self_attention": "self-attention",
    "cross_attention": "cross-attention",
    "ffn": "FFN",
}
MATRIX_TITLES = {"q": "Q", "k": "K", "v": "V", "o": "O", "ffn1": "FFN1", "ffn2": "FFN2"}
MARKERS = "osD^v"


def draw_map(lines: pd.DataFrame, axis: Literal["output", "input"], finding: str, sheet: Sheet) -> None:
    """Heat map of dead lines: a row per layer, a column per component and matrix.

    `lines` is the profile's table; a cell is the share of dead lines of that matrix along `axis`, over
    all heads and strengths. Both axes share one colour scale. `finding` stands beneath.
    """
    shares = dead_shares(lines)
    columns = list(dict.fromkeys(zip(lines["component"], lines["matrix"], strict=True)))
    columns.sort(key=lambda name: list(COMPONENT_TITLES).index(name[0]))
    layers = list(dict.fromkeys(zip(lines["stack"], lines["layer"], strict=True)))
    values = np.full((len(layers), len(columns)), np.nan)
    for (row, layer), (column, matrix) in itertools.product(enumerate(layers), enumerate(columns)):
        values[row, column] = shares.get((axis, *layer, *matrix), np.nan)
    with canvas(sheet, 2.6 + 0.82 * len(columns), 2.5 + 0.5 * len(layers)) as figure:
        panel = figure.subplots()
        top = max(100 * float(shares.max()), 1e-9)
        image = panel.imshow(100 * values, cmap="cividis", vmin=0, vmax=top, aspect="auto")
        _write_cells(panel, 100 * values, top)
        panel.set_yticks(range(len(layers)), [f"{stack} {layer}" for stack, layer in layers])
        panel.set_xticks(range(len(columns)), [MATRIX_TITLES.get(matrix, matrix) for _, matrix in columns])
        _name_components(panel, [component for component, _ in columns])
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        panel.tick_params(length=0)
        panel.set_facecolor("#F2F2F2")
        panel.set_title(f"Dead {AXIS_TITLES[axis]}", loc="left", pad=26)
        figure.colorbar(image, ax=panel, label="% dead, all strengths", pad=0.02)
        note = "\n".join(textwrap.wrap(finding, 14 + 13 * len(columns)))
        figure.supxlabel(note, fontsize=9.5, x=0.01, ha="left")


def draw_loss(lines: pd.DataFrame, sheet: Sheet) -> None:
    """Sparsity against validation loss: a panel per axis, a curve per component, a point per strength."""
    with canvas(sheet, 11.0, 4.9) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for panel, axis in zip(panels, AXIS_TITLES, strict=True):
            _curves(panel, lines[lines["axis"] == axis])
            panel.set_title(f"{axis} lines", loc="left")
            panel.set_xlabel("dead lines of the component (%)")
        panels[0].set_ylabel("validation loss")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))


def dead_shares(lines: pd.DataFrame) -> pd.Series:
    """Dead over all lines, by (axis, stack, layer, component, matrix), heads and strengths pooled."""
    counts = lines.groupby(["axis", "stack", "layer", "component", "matrix"], sort=False)[
        ["dead", "lines"]
    ].sum()
    return counts["dead"] / counts["lines"]


def _write_cells(panel: Axes, percents: np.ndarray, top: float) -> None:
    for (row, column), value in np.ndenumerate(percents):
        if not np.isnan(value):
            colour = "black" if value > 0.55 * top else "white"
            panel.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=9)


def _name_components(panel: Axes, components: list[str]) -> None:
    """Write each component's name above its matrices, and a line between components."""
    for component in dict.fromkeys(components):
        first = components.index(component)
        last = first + components.count(component) - 1
        title = COMPONENT_TITLES.get(component, component)
        panel.text((first + last) / 2, -0.62, title, ha="center", va="bottom", fontsize=10)
        if first:
            panel.axvline(first - 0.5, color="white", linewidth=4)


def _curves(panel: Axes, lines: pd.DataFrame) -> None:
    names = list(dict.fromkeys(zip(lines["stack"], lines["component"], strict=True)))
    for (stack, component), colour, marker in zip(names, itertools.cycle(PALETTE), itertools.cycle(MARKERS)):
        rows = lines[(lines["stack"] == stack) & (lines["component"] == component)]
        points = rows.groupby("strength").agg(
            dead=("dead", "sum"), lines=("lines", "sum"), loss=("valid_loss", "mean")
        )
        panel.plot(
            100 * points["dead"] / points["lines"],
            points["loss"],
            marker=marker,
            color=colour,
            label=f"{stack} {COMPONENT_TITLES.get(component, component)}",
        )
    # A strength has one loss: its name stands once, at the right of its row of points.
    for strength, loss in lines.groupby("strength")["valid_loss"].mean().items():
        panel.annotate(
            f"strength {strength:g}",
            (1.0, loss),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color="#555555",
        )
