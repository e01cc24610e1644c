"""The headline table as Markdown: fewer columns, one section per dtype and beam, signatures beneath."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from tprune.tables.kept import COMPONENTS
from tprune.tables.timings import column_name, devices_of, remarks

KEPT_TITLES = {
    "encoder_self_attention": "enc self",
    "encoder_ffn": "enc FFN",
    "decoder_self_attention": "dec self",
    "decoder_cross_attention": "dec cross",
    "decoder_ffn": "dec FFN",
}
MARK = "†"  # at times that a note says something of
TITLES = (
    *("model", "params", "BLEU", "change", "p", "chrF", "ms", "speed-up (95 % interval)"),
    *("own lengths", *KEPT_TITLES.values(), "layers dropped"),
)
READING = (
    "Change of BLEU and speed-up are against the control: the baseline trained on, dense, for as\n"
    "many updates as the pruned models (the mean of its repeats), in the same dtype, with the same beam.\n\n"
    "- ms: median per sentence, batch 1, the output's length forced to the reference's\n"
    "- speed-up: the control's total time over the model's; `own lengths`: where each model stops\n"
    "  by itself\n"
    "- p: paired bootstrap of BLEU against the control's first repeat\n"
    "- enc self to dec FFN: percentage of the baseline's lines kept\n\n"
    "Scores are of the test set decoded with the beam that is timed.\n"
)


def render(table: pd.DataFrame, signatures: Mapping[str, dict[str, Any]]) -> str:
    """The text of headline.md from `headline.build`'s table and each device's signature, by name."""
    parts = ["# Headline\n\n", READING]
    for (dtype, beam), rows in table.groupby(["dtype", "beam"], sort=False):
        parts.append(f"\n## {dtype}, beam {beam}\n\n")
        titles = [title + mark(rows, "") if title == "ms" else title for title in TITLES]
        parts.append(pipe_table(titles, [_cells(row) for _, row in rows.iterrows()]))
        devices = [name for name in devices_of(table) if rows[column_name(name, "speedup")].notna().any()]
        if devices:
            parts += ["\nOn the other devices:\n\n", _beside(rows, devices)]
        for line in notes(rows, ["", *devices]):
            parts.append(f"\n{MARK} {line}\n")
    parts.append("\n## Signatures\n\n")
    for column, score in (("bleu_signature", "BLEU"), ("chrf_signature", "chrF")):
        parts.extend(f"- {score}: `{text}`\n" for text in dict.fromkeys(table[column]))
    for name, signature in signatures.items():
        parts.append(f"\n### {name}\n\n")
        parts.extend(f"- {key}: {value}\n" for key, value in flat(signature))
    return "".join(parts)


def mark(rows: pd.DataFrame, device: str) -> str:
    """`MARK` where the times of a device (the reference: "") must be read with a note, else nothing."""
    return f" {MARK}" if any(remarks(rows[column_name(device, "condition")])) else ""


def notes(rows: pd.DataFrame, devices: Sequence[str]) -> Iterator[str]:
    """A line for each device and what its times suffered from."""
    for device in devices:
        for word, advice in remarks(rows[column_name(device, "condition")]):
            yield f"{device or 'this machine'} was {word}: {advice}"


def interval(row: pd.Series, device: str, between: str) -> tuple[str, str]:
    """A device's speed-up and its 95 % interval as texts; dashes where it was not timed."""
    speedup, low, high = (row[column_name(device, f"speedup{end}")] for end in ("", "_low", "_high"))
    bounds = "-" if pd.isna(low) else f"{low:.2f}{between}{high:.2f}"
    return number(speedup, ".2f", "x"), bounds


def pipe_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table: first column to the left, numbers to the right, padded so that the source reads."""
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines = (
        [
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(cells)
        ]
        for cells in (list(zip(row, widths, strict=True)) for row in (titles, rule, *rows))
    )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float, form: str, unit: str = "") -> str:
    """`value` in the format `form` with its unit; a dash where there is none."""
    return "-" if pd.isna(value) else format(value, form) + unit


def flat(signature: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested dictionaries as (dotted key, text) pairs."""
    for key, value in signature.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield prefix + str(key), ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cells(row: pd.Series) -> list[str]:
    return [
        str(row["model"]),
        f"{row['params'] / 1e6:.2f} M",
        number(row["bleu"], ".2f"),
        number(row["bleu_change_percent"], "+.1f", " %"),
        number(row["p_value"], ".3f"),
        number(row["chrf"], ".2f"),
        number(row["latency_ms"], ".1f"),
        _speedup(row, ""),
        number(row["speedup_own_length"], ".2f", "x"),
        *(f"{100 * row[f'{name}_kept']:.0f}" for name in COMPONENTS),
        str(int(row["layers_dropped"])),
    ]


def _speedup(row: pd.Series, device: str) -> str:
    speedup, bounds = interval(row, device, "-")
    return speedup if bounds == "-" else f"{speedup} ({bounds})"


def _beside(rows: pd.DataFrame, devices: Sequence[str]) -> str:
    titles = ["model"]
    for device in devices:
        titles += [f"{device}: ms{mark(rows, device)}", f"{device}: speed-up"]
    cells = []
    for _, row in rows.iterrows():
        cells.append([str(row["model"])])
        for device in devices:
            cells[-1] += [number(row[column_name(device, "latency_ms")], ".1f"), _speedup(row, device)]
    return pipe_table(titles, cells)
