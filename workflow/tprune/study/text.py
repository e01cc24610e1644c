"""The study's tables as Markdown."""

from collections.abc import Mapping

import pandas as pd

from tprune.study import area, noise
from tprune.tables.markdown import number, pipe_table
from tprune.tables.timings import remarks
from tprune.training.learning_curve import changes_per_epoch

POINT_TITLES = (
    *("point", "seeds", "params", "BLEU", "change", "p", "chrF", "ms", "speed-up (interval)", "front"),
)


def points_text(marked: pd.DataFrame) -> str:
    """points.md: a section per dtype and beam of the points, marked by `tprune.study.front.mark_fronts`."""
    parts = [
        "# Operating points\n\n"
        "Means over seeds ± their standard deviation. Change of BLEU: in percent of the mean of the\n"
        "control's seeds, same dtype and beam. p: paired bootstrap against the control's first seed,\n"
        "smallest to largest of the seeds. Speed-up: against the mean of the control's seeds, same dtype\n"
        "and beam, length forced to the reference's; its interval reaches from the lowest to the highest\n"
        "95 % bound of the seeds, each of the choice of sentences alone: the machine's own noise is not in\n"
        "it. Front: the point is on that of its method (own) or of all methods (all).\n"
    ]
    for (dtype, beam), rows in marked.groupby(["dtype", "beam"], sort=False):
        parts.append(f"\n## {dtype}, beam {beam}\n\n")
        parts.append(pipe_table(POINT_TITLES, [_point_cells(row) for _, row in rows.iterrows()]))
        parts += [f"\nThe device was {word}: {advice}.\n" for word, advice in remarks(rows["condition"])]
    return "".join(parts)


def updates_text(updates: Mapping[str, int]) -> str:
    """A sentence on the methods whose updates after the baseline are not the control's, or nothing."""
    usual = updates["control"]
    other = [f"{method} {count:,}" for method, count in updates.items() if count != usual]
    if not other:
        return ""
    return (
        f" The control has {usual:,} updates after the baseline, but {', '.join(other)}: "
        "what these differ by is of training too."
    )


def goals_text(goals: pd.DataFrame) -> str:
    """goals.md: every goal, whether it is met, and the nearest point."""
    cells = [
        [
            str(row["goal"]),
            f"{row['dtype']}, beam {row['beam']}",
            str(row["met"]),
            "-" if pd.isna(row["point"]) else str(row["point"]),
            number(row["repeats"], ".0f"),
            _bounded(row, "speedup", ".2f", "x"),
            _bounded(row, "bleu_change_percent", "+.1f", " %"),
            number(row["updates"], ",.0f"),
            "" if pd.isna(row["lacking"]) else str(row["lacking"]),
            "" if pd.isna(row["also_met_by"]) else str(row["also_met_by"]),
        ]
        for _, row in goals.iterrows()
    ]
    titles = (
        *("goal", "measured in", "met", "best point", "seeds", "speed-up (interval)", "change of BLEU"),
        *("updates", "lacking", "also met by"),
    )
    return (
        "# Goals\n\nBLEU and speed-up are means over seeds, with the beam that is named, and a goal is met\n"
        "when these are. Best point: of SHS and the ablations that have its penalty and no more updates\n"
        "than the control; updates: those after the baseline. The interval of a speed-up is that of the\n"
        f"choice of sentences; of a change of BLEU, 95 % of {noise.DRAWS} draws of the noise of seeds, the\n"
        "control's too.\n\n" + pipe_table(titles, cells)
    )


def areas_text(areas: pd.DataFrame) -> str:
    """The areas as one table, and how they are counted."""
    low, high = area.RANGE
    cells = [
        [
            f"{row['dtype']}, beam {row['beam']}",
            str(row["method"]),
            f"{row['on_front']} of {row['points']}",
            number(row["fastest"], ".2f", "x"),
            _bounded(row, "lost_bleu", ".2f", ""),
            _bounded(row, "ahead", "+.2f", ""),
            number(row["ahead_until"], ".2f", "x"),
        ]
        for _, row in areas.iterrows()
    ]
    titles = (
        "measured in",
        "method",
        "on its front",
        "fastest",
        "BLEU lost",
        "SHS above it",
        "compared up to",
    )
    charged = ", ".join(
        f"{row['dtype']}, beam {row['beam']}: {number(row['charged_bleu'], '.2f')}"
        for _, row in areas.drop_duplicates(["dtype", "beam"]).iterrows()
    )
    return (
        f"BLEU lost: mean over speed-ups from {low:g}x to {high:g}x (every doubling alike) of the control's\n"
        "BLEU less the best BLEU of a model that is at least that fast. Where a method has none, it is\n"
        f"charged the lowest BLEU that a method pays at {high:g}x, or at its end ({charged}).\n"
        f"Methods of fewer than {area.LEAST_POINTS} points are left out of that, and have no such number.\n"
        f"SHS above it: mean difference of the interpolated fronts from {low:g}x up to where both reach.\n"
        f"In brackets: 95 % of {noise.DRAWS} draws of the noise of seeds and of timing.\n\n"
        + pipe_table(titles, cells)
    )


def equal_latency_text(table: pd.DataFrame) -> str:
    """BLEU of SHS less BLEU of each rival: a row per rival, a column per speed-up."""
    speedups = list(dict.fromkeys(table["speedup"]))
    cells = [
        [
            f"{dtype}, beam {beam}",
            str(rival),
            *(_bounded(row, "difference", "+.2f", "") for _, row in rows.iterrows()),
        ]
        for (dtype, beam, rival), rows in table.groupby(["dtype", "beam", "rival"], sort=False)
    ]
    return pipe_table(["measured in", "SHS above", *(f"{speedup:g}x" for speedup in speedups)], cells)


def baseline_text(curve: pd.DataFrame) -> str:
    """The valid loss of the baseline after each epoch (`tprune.training.learning_curve`)."""
    cells = [
        [str(row["update"]), f"{row['valid_loss']:.3f}", number(row["change_percent"], "+.1f", " %")]
        for row in changes_per_epoch(curve).to_dict("records")
    ]
    return (
        "\n## Training of the baseline\n\n"
        "Loss on the validation text, in nats a target token without label smoothing, after each epoch and\n"
        "at the end; its change is for a whole epoch.\n\n"
    ) + pipe_table(("update", "valid loss", "change"), cells)


def _point_cells(row: pd.Series) -> list[str]:
    low, high = row["p_smallest"], row["p_largest"]
    return [
        str(row["point"]),
        str(row["repeats"]),
        f"{row['params'] / 1e6:.2f} M",
        _with_deviation(row["bleu"], row["bleu_sd"], ".2f", ""),
        _with_deviation(row["bleu_change_percent"], row["bleu_change_percent_sd"], "+.1f", " %"),
        number(low, ".3f") if pd.isna(low) or low == high else f"{low:.3f}-{high:.3f}",
        _with_deviation(row["chrf"], row["chrf_sd"], ".2f", ""),
        number(row["latency_ms"], ".1f"),
        _bounded(row, "speedup", ".2f", "x"),
        "all" if row["on_front"] else "own" if row["on_own_front"] else "",
    ]


def _with_deviation(value: float, deviation: float, form: str, unit: str) -> str:
    spread = "" if pd.isna(value) or pd.isna(deviation) else f" ± {deviation:{form.lstrip('+')}}"
    return number(value, form, "") + spread + ("" if pd.isna(value) else unit)


def _bounded(row: pd.Series, name: str, form: str, unit: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    text = number(value, form, unit)
    return text if pd.isna(value) or pd.isna(low) else f"{text} ({low:{form}} to {high:{form}})"
