"""The trade-off: speed-up against change of BLEU, both relative to the control."""

import itertools
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from tprune.figures.canvas import ORANGE, SKY, Sheet, canvas
from tprune.figures.labels import place_labels
from tprune.figures.methods import ABLATION, LOOKS
from tprune.figures.paper_band import draw_paper_band
from tprune.study import families
from tprune.study.families import OURS, is_shs
from tprune.tables.timings import column_name, devices_of

# Of devices beside the reference; Tol's muted scheme, which no method has.
CURVES: tuple[tuple[str, Any], ...] = (
    (SKY, "-"),
    ("#882255", "--"),
    ("#999933", "-."),
    ("#332288", ":"),
    ("#44AA99", "-"),
)


def draw(headline: pd.DataFrame, sheet: Sheet) -> None:
    """Draw one panel per beam (rows) and dtype (columns) of the headline table.

    Points are the reference device's; each other device has a curve through its points of the method SHS,
    and hollow marks for the others. Models whose change of BLEU is not defined (the control translated
    nothing) are not drawn.
    """
    beams, dtypes = (list(dict.fromkeys(headline[name])) for name in ("beam", "dtype"))
    with canvas(sheet, 1.2 + 5.2 * len(dtypes), 1.0 + 4.0 * len(beams)) as figure:
        panels = figure.subplots(len(beams), len(dtypes), squeeze=False, sharex=True, sharey=True)
        labels: list[Annotation] = []
        for (row, beam), (column, dtype) in itertools.product(enumerate(beams), enumerate(dtypes)):
            panel = panels[row, column]
            shown = headline[(headline["beam"] == beam) & (headline["dtype"] == dtype)]
            shown = shown.dropna(subset=["bleu_change_percent"])
            labels += _panel(panel, shown.dropna(subset=["speedup"]))
            for index, device in enumerate(devices_of(headline)):
                _curve(panel, shown, device, *CURVES[index % len(CURVES)])
            panel.set_title(f"{dtype}, beam {beam}", loc="left", pad=8)
        for panel in panels[-1, :]:
            panel.set_xlabel("speed-up over the control (forced lengths)")
        for panel in panels[:, 0]:
            panel.set_ylabel("change of BLEU against the control (%)")
        _legend(figure, headline)
        place_labels(figure, labels)


def family(method: str) -> str:
    """The method without a scratch model's or an ablation's name."""
    return ABLATION if is_shs(method) and method != OURS else families.family(method)


def _panel(panel: Axes, rows: pd.DataFrame) -> list[Annotation]:
    """Draw the points; returns their labels, which have no place yet."""
    draw_paper_band(panel)
    labels = []
    for _, row in rows.iterrows():
        look = LOOKS[family(row["method"])]
        panel.errorbar(
            row["speedup"],
            row["bleu_change_percent"],
            xerr=[[row["speedup"] - row["speedup_low"]], [row["speedup_high"] - row["speedup"]]],
            fmt=look.marker,
            color=look.colour,
            markersize=11 if look.marker == "*" else 7.5,
            markeredgecolor="white",
            markeredgewidth=0.7,
            elinewidth=1.4,
            capsize=3,
        )
        if text := _label(row):
            label = panel.annotate(
                text,
                (row["speedup"], row["bleu_change_percent"]),
                xytext=(0, 0),
                textcoords="offset points",
                fontsize=8,
                color=look.colour,
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )
            labels.append(label)
    panel.margins(0.09, 0.14)
    return labels


def _curve(panel: Axes, rows: pd.DataFrame, device: str, colour: str, dashes: Any) -> None:
    speedup, low, high = (column_name(device, f"speedup{end}") for end in ("", "_low", "_high"))
    rows = rows.dropna(subset=[speedup]).sort_values(speedup)
    curve = rows[rows["method"].isin(("control", "shs"))]
    panel.plot(curve[speedup], curve["bleu_change_percent"], color=colour, linestyle=dashes, linewidth=1.3)
    for _, row in rows.iterrows():
        panel.errorbar(
            row[speedup],
            row["bleu_change_percent"],
            xerr=[[row[speedup] - row[low]], [row[high] - row[speedup]]],
            fmt=LOOKS[family(row["method"])].marker,
            color=colour,
            markerfacecolor="white",
            markersize=5,
            elinewidth=1,
        )


def _label(row: pd.Series) -> str:
    if family(row["method"]) == "scratch":
        return str(row["method"]).partition("-")[2]
    if row["repeat"] > 1 or not (row["threshold"] or row["requested_speedup"]):
        return ""
    chosen = f"{row['threshold']:g}" if row["threshold"] else f"{row['requested_speedup']:g}x"
    if row["method"] == "magnitude_matched":
        return f"matched / {chosen}"
    return f"{row['strength']:g} / {chosen}" if row["strength"] else f"- / {chosen}"


def _legend(figure: Figure, headline: pd.DataFrame) -> None:
    handles: list[Line2D | Patch] = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=look.marker,
            color=look.colour,
            markersize=8,
            label=look.title,
        )
        for method, look in LOOKS.items()
        if method in {family(name) for name in headline["method"]}
    ]
    for name, (colour, dashes) in zip(devices_of(headline), itertools.cycle(CURVES), strict=False):
        look: dict[str, Any] = {"color": colour, "linestyle": dashes, "marker": "o"}
        handles.append(Line2D([], [], markerfacecolor="white", label=f"on {name}", **look))
    handles.append(Patch(facecolor=ORANGE, alpha=0.25, label="paper, on phones: 1.16-1.92x, 0 to -8 %"))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=4,
        columnspacing=1.4,
        title="numbers at the points: strength / threshold or requested speed-up; "
        "bars: 95 % interval of the speed-up",
        title_fontsize=9,
    )
