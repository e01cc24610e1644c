"""What the jobs of a finished run took: their benchmarks, and what their logs say of training."""

import re
import statistics
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tprune.errors import TPruneError
from tprune.plan.job_graph import RuleFiles
from tprune.tables.sources import read_table
from tprune.training.progress import Pace, read_pace

LONGEST_GAP = 60.0  # seconds; between two jobs further apart the run stood still


@dataclass(frozen=True)
class Measurement:
    """One job: its own seconds, when it ended (epoch seconds), and for training the pace of its updates."""

    rule: str
    wildcards: Mapping[str, str]
    seconds: float
    ended: float
    pace: Pace | None = None


def read_measurements(results_dir: Path, files: Mapping[str, RuleFiles]) -> list[Measurement]:
    """Read the benchmarks in `results_dir` that the rules' patterns in `files` match.

    Raises TPruneError where there is none, or one that cannot be read.
    """
    patterns = [(rule, _regex(each.benchmark), each.log) for rule, each in files.items()]
    found = []
    for path in sorted((results_dir / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(results_dir).as_posix()
        for rule, pattern, log in patterns:
            if match := pattern.fullmatch(name):
                wildcards = match.groupdict()
                written = results_dir / log.format(**wildcards) if log else None
                found.append(_read(path, rule, wildcards, written))
                break
    if not found:
        raise TPruneError(
            f"plan.measured: no benchmarks in {results_dir / 'benchmarks'}; run a smaller configuration to "
            "its end, as of one strength and one threshold, and name its file here"
        )
    return found


def seconds_before_jobs(measurements: Sequence[Measurement], rules: Collection[str]) -> float:
    """Median seconds between the beginning of a job of `rules` and the last end of any job before it.

    A job begins as soon as another ended, as to its cores or its inputs, so that this is what starting it
    takes: looked at in Snakemake alone, or in a scheduler's queue too.
    """
    ends = sorted(each.ended for each in measurements)
    gaps = []
    for each in measurements:
        if each.rule not in rules:
            continue
        began = each.ended - each.seconds
        earlier = bisect_right(ends, began)
        if earlier and began - ends[earlier - 1] < LONGEST_GAP:
            gaps.append(began - ends[earlier - 1])
    return statistics.median(gaps) if gaps else 0.0


def _read(path: Path, rule: str, wildcards: Mapping[str, str], log: Path | None) -> Measurement:
    seconds = float(read_table(path, ["s"], separator="\t")["s"].mean())
    return Measurement(
        rule, wildcards, seconds, path.stat().st_mtime, None if log is None else read_pace(log)
    )


def _regex(pattern: str) -> re.Pattern[str]:
    """A path with wildcards in braces as an expression; each stands for the same text wherever it recurs."""
    parts, seen = [], set()
    for index, part in enumerate(re.split(r"\{(\w+)\}", pattern)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        elif part in seen:
            parts.append(f"(?P={part})")
        else:
            parts.append(f"(?P<{part}>[^/]+)")
            seen.add(part)
    return re.compile("".join(parts))
