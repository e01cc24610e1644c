"""What each stage cost, from the benchmark files that Snakemake wrote, one per job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tprune.errors import TPruneError
from tprune.tables.markdown import number, pipe_table
from tprune.tables.points import NAMES, Point
from tprune.tables.sources import read_table

STAGES = (
    *("corpus", "baseline", "narrow", "width", "bssl", "sparsity_profile", "shs", "prune", "scratch"),
    *("distillation", "compact", "evaluate", "latency"),
)
COLUMNS = ("stage", "jobs", "seconds", "share", "longest_seconds", "max_rss_mb")


@dataclass(frozen=True)
class Configured:
    """What is configured, as paths name it; files of anything else are of an earlier configuration.

    `points`: the models that are compared, a path need not name all of the grid's columns. `bssl_strengths`:
    of the sweep. `widths`: the baseline is narrowed to. `distillation`: a model learns from the control's
    translations. `devices`: that are timed.
    """

    points: Sequence[Point]
    bssl_strengths: Sequence[str]
    widths: Sequence[str]
    distillation: bool
    devices: Sequence[str]


def build(folder: Path, configured: Configured, stages: Sequence[str] = STAGES) -> pd.DataFrame:
    """One row per stage, in the order of `stages`: jobs, summed and longest seconds, share of the sum.

    `folder` holds a folder per stage. A stage of which nothing that is configured was run has no row.
    Seconds are summed over jobs: side by side they take less of a clock's time.
    Raises TPruneError when there is no benchmark at all.
    """
    rows = []
    compared = _compared(configured.points)
    for stage in stages:
        files = [
            path
            for path in sorted((folder / stage).rglob("*.tsv"))
            if _is_current(path.relative_to(folder).with_suffix(""), compared, configured)
        ]
        if not files:
            continue
        jobs = pd.concat(
            [read_table(path, ["s", "max_rss"], separator="\t") for path in files], ignore_index=True
        )
        seconds = pd.to_numeric(jobs["s"])
        rows.append(
            {
                "stage": stage,
                "jobs": len(files),
                "seconds": seconds.sum(),
                "longest_seconds": seconds.max(),
                # A job too short to be sampled has no memory figure.
                "max_rss_mb": pd.to_numeric(jobs["max_rss"], errors="coerce").max(),
            }
        )
    if not rows:
        raise TPruneError(f"{folder}: no benchmark file in the folders {', '.join(stages)}; run the workflow")
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["share"] = table["seconds"] / table["seconds"].sum()
    return table


def render(table: pd.DataFrame) -> str:
    """The table as Markdown, with a row for the sum."""
    cells = [
        [
            str(row["stage"]),
            str(row["jobs"]),
            number(row["seconds"], ".0f"),
            f"{100 * row['share']:.1f} %",
            number(row["longest_seconds"], ".0f"),
            number(row["max_rss_mb"], ".0f"),
        ]
        for _, row in table.iterrows()
    ]
    total = ["all", str(table["jobs"].sum()), number(table["seconds"].sum(), ".0f"), "100.0 %", "", ""]
    titles = ("stage", "jobs", "seconds", "share", "longest job (s)", "peak memory (MB)")
    note = "Seconds are summed over jobs; jobs that ran side by side took less of the clock's time.\n\n"
    return "# Cost of each stage\n\n" + note + pipe_table(titles, [*cells, total])


def _compared(points: Sequence[Point]) -> set[frozenset[tuple[str, str]]]:
    """What paths name of the points: all columns, those of a penalised, of a scratch model or of a width."""
    columns = (
        NAMES,
        ("method", "strength", "repeat"),
        ("method", "repeat"),
        ("method", "speedup"),
        ("method",),
    )
    return {
        frozenset((name, str(getattr(point, name))) for name in names)
        for point in points
        for names in columns
    }


def _is_current(job: Path, compared: set[frozenset[tuple[str, str]]], configured: Configured) -> bool:
    """Whether `job` (STAGE/..., without a suffix) is of something that is still configured."""
    named = dict(_named_values(job))
    if "device" in named:
        return named["device"] in configured.devices
    if "d_model" in named:
        return named["d_model"] in configured.widths
    if job.parts[0] == "bssl":
        return named.get("strength") in configured.bssl_strengths
    if job.parts[0] == "distillation":
        return configured.distillation
    if job.parts[0] == "scratch":
        named = {"method": job.parts[1], **named}
    if "method" not in named:
        return True
    return frozenset(named.items()) in compared


def _named_values(path: Path) -> Iterator[tuple[str, str]]:
    for part in path.parts:
        name, _, value = part.partition("~")
        if name in (*NAMES, "device", "d_model"):
            yield name, value
