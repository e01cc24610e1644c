import os
from pathlib import Path

import pytest
from graphs import FILES, wildcards, write_measured

from tprune.errors import TPruneError
from tprune.plan.measurements import Measurement, read_measurements, seconds_before_jobs
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


def test_what_starting_a_job_takes_is_read_off_the_times_of_two_slots(tmp_path: Path) -> None:
    """Slot 1: 0-10, 12-20, 22-40; slot 2: 1-15, 17-30. A pause of an hour is none of it."""
    spans = [(0, 10), (12, 20), (22, 40), (1, 15), (17, 30), (3700, 3701)]
    jobs = [Measurement("score", {}, end - start, float(end)) for start, end in spans]
    assert seconds_before_jobs(jobs, ["score"]) == 2
    assert seconds_before_jobs(jobs[:1], ["score"]) == 0
    assert seconds_before_jobs(jobs, ["baseline"]) == 0


def test_the_end_of_a_job_is_that_of_its_benchmark(tmp_path: Path) -> None:
    for name, ended in (("0.1", 100), ("0.2", 107)):
        os.utime(write_measured(tmp_path, "score", 4, **wildcards(strength=name)), (ended, ended))
    assert seconds_before_jobs(read_measurements(tmp_path, FILES), ["score"]) == 3
