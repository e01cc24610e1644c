"""What the jobs of a finished run took: their benchmarks, and what their logs say of training."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tprune.errors import TPruneError
from tprune.plan.job_graph import RuleFiles
from tprune.tables.sources import read_table
from tprune.training.progress import Pace, read_pace


@dataclass(frozen=True)
class Measurement:
    """One job: its own seconds, and for training the pace of its updates.

    `ended` and `seen` are epoch seconds: when it ended, and when Snakemake saw that and marked its files.
    """

    rule: str
    wildcards: Mapping[str, str]
    seconds: float
    ended: float
    seen: float
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


def _read(path: Path, rule: str, wildcards: Mapping[str, str], log: Path | None) -> Measurement:
    seconds = float(read_table(path, ["s"], separator="\t")["s"].mean())
    seen = path.stat().st_mtime
    if log is None or not log.exists():
        return Measurement(rule, wildcards, seconds, seen, seen)
    # Snakemake marks a benchmark again when it sees that its job has ended, and leaves a log as it is.
    return Measurement(rule, wildcards, seconds, min(log.stat().st_mtime, seen), seen, read_pace(log))


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
