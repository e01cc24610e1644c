import os
from pathlib import Path

import pytest
from graphs import FILES, wildcards, write_measured

from tprune.errors import TPruneError
from tprune.plan.measurements import read_measurements
from tprune.training.progress import Pace


def test_benchmarks_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    write_measured(tmp_path, "baseline", 30.5, "12:00:00 x: baseline: 20 updates at 0.25000 s an update\n")
    write_measured(tmp_path, "prune", 4, **wildcards(threshold="0.2"))
    write_measured(tmp_path, "score", 2, **wildcards())
    (tmp_path / "benchmarks/score/other.tsv").write_text("s\n1\n")
    found = {each.rule: each for each in read_measurements(tmp_path, FILES)}
    assert set(found) == {"baseline", "prune", "score"}
    assert found["baseline"].seconds == 30.5 and found["baseline"].pace == Pace(20, 0.25)
    assert found["prune"].wildcards == wildcards(threshold="0.2") and found["prune"].pace is None


def test_a_run_without_benchmarks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=r"plan\.measured: no benchmarks in .*benchmarks; run a smaller"):
        read_measurements(tmp_path, FILES)


def test_a_benchmark_that_is_none_is_named(tmp_path: Path) -> None:
    write_measured(tmp_path, "baseline", 1).write_text("nothing\n")
    with pytest.raises(TPruneError, match=r"baseline\.tsv: lacks the column\(s\) s"):
        read_measurements(tmp_path, FILES)


def test_a_job_ended_when_its_log_did_and_was_seen_when_its_benchmark_was_marked(tmp_path: Path) -> None:
    for name, log, benchmark in (("0.1", 100, 120), ("0.2", 130, 120)):
        written = write_measured(tmp_path, "score", 4, **wildcards(strength=name))
        os.utime(written, (benchmark, benchmark))
        values = wildcards(strength=name)
        os.utime(tmp_path / FILES["score"].log.format(**values), (log, log))
    late, copied = read_measurements(tmp_path, FILES)
    assert (late.seconds, late.ended, late.seen) == (4, 100, 120)
    assert (copied.ended, copied.seen) == (120, 120), "a log that was touched later"


def test_a_job_without_a_log_was_seen_at_once(tmp_path: Path) -> None:
    benchmark = write_measured(tmp_path, "baseline", 4)
    (tmp_path / FILES["baseline"].log.format()).unlink()
    os.utime(benchmark, (100, 100))
    (found,) = read_measurements(tmp_path, FILES)
    assert (found.ended, found.seen, found.pace) == (100, 100, None)
