"""One HTML page with what the run found, for the report: plain markup that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from tprune.tables.kept import COMPONENTS
from tprune.tables.markdown import KEPT_TITLES, MARK, flat, interval, mark, notes, number
from tprune.tables.timings import column_name, devices_of

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 1.5em; }
h2 { font-size: 1.15em; margin: 1.6em 0 .3em; } p { max-width: 52em; margin: .4em 0; }
div { overflow-x: auto; } table { border-collapse: collapse; }
th, td { padding: .25em .7em; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #888; } th:first-child, td:first-child { text-align: left; }
tr.dense td { background: #f3f3f3; } code { font-size: .92em; }
"""


@dataclass(frozen=True)
class Findings:
    """What the page shows: tables as their modules build them, `finding` the profile's sentence, and each
    device's signature by its name, the reference's first.
    """

    headline: pd.DataFrame
    stage_cost: pd.DataFrame
    weak_penalty: pd.DataFrame
    finding: str
    signatures: Mapping[str, dict[str, Any]]


def render(findings: Findings) -> str:
    """The page as text; it refers to no other file."""
    parts = ["<h2>Does the paper's finding hold here?</h2>", f"<p>{escape(findings.finding.strip())}</p>"]
    for (dtype, beam), rows in findings.headline.groupby(["dtype", "beam"], sort=False):
        devices = [name for name in devices_of(rows) if rows[column_name(name, "speedup")].notna().any()]
        parts += [f"<h2>{escape(str(dtype))}, beam {beam}</h2>", _headline(rows, devices)]
        parts += [f"<p>{MARK} {escape(line)}</p>" for line in notes(rows, ["", *devices])]
    parts += ["<h2>Where the penalty was weak</h2>", _weak(findings.weak_penalty)]
    parts += ["<h2>Cost of each stage</h2>", _stage_cost(findings.stage_cost)]
    parts += ["<h2>Signatures</h2>", _signatures(findings)]
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>TPrune results</title>"
        f"<style>{STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _headline(rows: pd.DataFrame, devices: Sequence[str]) -> str:
    titles = [
        "model",
        "parameters",
        "BLEU",
        "change",
        "p",
        "chrF",
        f"latency (ms){mark(rows, '')}",
        "speed-up",
        "95 % interval",
    ]
    for device in devices:
        titles += [f"{device}: latency (ms){mark(rows, device)}", f"{device}: speed-up", "95 % interval"]
    titles += [f"{title} kept" for title in KEPT_TITLES.values()]
    cells, classes = [], []
    for _, row in rows.iterrows():
        classes.append("dense" if row["method"] in ("baseline", "control") else "")
        cells.append(
            [
                str(row["model"]),
                f"{row['params']:,}",
                number(row["bleu"], ".2f"),
                number(row["bleu_change_percent"], "+.1f", " %"),
                number(row["p_value"], ".3f"),
                number(row["chrf"], ".2f"),
                *_timing(row, ""),
                *(cell for device in devices for cell in _timing(row, device)),
                *(f"{100 * row[f'{name}_kept']:.0f} %" for name in COMPONENTS),
            ]
        )
    return _table(titles, cells, classes)


def _timing(row: pd.Series, device: str) -> tuple[str, str, str]:
    return number(row[column_name(device, "latency_ms")], ".1f"), *interval(row, device, " to ")


def _weak(table: pd.DataFrame) -> str:
    if table.empty:
        return "<p>Nowhere: on every set the penalty's gradient reached 1 % of the loss's.</p>"
    cells = [
        [
            f"{row['method']} {row['strength']:g}",
            f"{row['stack']} {row['layer']}, {row['component']}, {row['kind']}",
            f"{100 * row['median_share']:.2g} %",
        ]
        for _, row in table.iterrows()
    ]
    text = "<p>On these sets its gradient was, in the median update, below 1 % of the loss's.</p>"
    return text + _table(["penalty", "set", "share of the loss's gradient"], cells)


def _stage_cost(table: pd.DataFrame) -> str:
    cells = [
        [str(row["stage"]), str(row["jobs"]), f"{row['seconds']:.0f}", f"{100 * row['share']:.1f} %"]
        for _, row in table.iterrows()
    ]
    cells.append(["all", str(table["jobs"].sum()), f"{table['seconds'].sum():.0f}", "100.0 %"])
    return _table(["stage", "jobs", "seconds", "share"], cells)


def _signatures(findings: Findings) -> str:
    pairs = [
        (name, text)
        for name in ("bleu", "chrf")
        for text in dict.fromkeys(findings.headline[f"{name}_signature"])
    ]
    for device, signature in findings.signatures.items():
        pairs += flat(signature, f"{device}.")
    return "".join(f"<p>{escape(key)}: <code>{escape(value)}</code></p>" for key, value in pairs)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "\n".join(
        f"<tr class='{classes[index] if classes else ''}'>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for index, row in enumerate(rows)
    )
    return f"<div><table><tr>{head}</tr>\n{body}</table></div>"
