"""The latency budget: what each component costs and what making it free would gain."""

import itertools

import pandas as pd
from matplotlib.axes import Axes

from tprune.figures.canvas import BLUE, Sheet, canvas

COLUMNS = (
    *("dtype", "beam", "component", "latency_ms", "share"),
    *("speedup_if_free", "speedup_if_free_low", "speedup_if_free_high"),
)
NOTE = (
    "free: the measured speed-up with that component alone reduced to almost nothing (95 % interval);\n"
    "more than its share where the other weights then fit a cache"
)


def draw(budget: pd.DataFrame, sheet: Sheet) -> None:
    """Draw budget.csv (`COLUMNS`) as bars, each with its share and the speed-up without it.

    One panel per beam (rows) and dtype (columns); components in the table's order.
    """
    beams, dtypes = (list(dict.fromkeys(budget[name])) for name in ("beam", "dtype"))
    components = list(dict.fromkeys(budget["component"]))
    height = 0.9 + len(beams) * (0.9 + 0.38 * len(components))
    with canvas(sheet, 1.6 + 4.6 * len(dtypes), height) as figure:
        panels = figure.subplots(len(beams), len(dtypes), squeeze=False, sharex=True, sharey=True)
        for (row, beam), (column, dtype) in itertools.product(enumerate(beams), enumerate(dtypes)):
            shown = budget[(budget["beam"] == beam) & (budget["dtype"] == dtype)].set_index("component")
            _panel(panels[row, column], shown.reindex(components).dropna(subset=["latency_ms"]))
            panels[row, column].set_title(f"{dtype}, beam {beam}", loc="left")
        for panel in panels[-1, :]:
            panel.set_xlabel("milliseconds per sentence")
        figure.supxlabel(NOTE, fontsize=9)
        # Axes are shared: inverting one inverts all.
        panels[0, 0].invert_yaxis()
        panels[0, 0].set_xlim(0, 1.75 * budget["latency_ms"].max())


def _panel(panel: Axes, rows: pd.DataFrame) -> None:
    names = [str(name).replace("_", " ").replace("ffn", "FFN") for name in rows.index]
    bars = panel.barh(names, rows["latency_ms"], color=BLUE, height=0.68)
    texts = [
        f"{100 * share:.0f} %, free: {gain:.2f}x ({low:.2f}-{high:.2f})"
        for share, gain, low, high in rows[list(COLUMNS[4:])].itertuples(index=False)
    ]
    panel.bar_label(bars, labels=texts, padding=4, fontsize=8.5)
    panel.grid(visible=False, axis="y")
