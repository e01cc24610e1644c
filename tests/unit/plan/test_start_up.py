"""Runs whose start-up is known, made by the scheduler itself; what is read off them is what was put in."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tprune.plan.job_graph import Job, JobGraph
from tprune.plan.measurements import Measurement
from tprune.plan.schedule import list_schedule
from tprune.plan.start_up import StartUp, start_up
from tprune.plan.units import Unit, group_units, single_units, tasks_of

BEFORE, INSIDE, UNTIL_SEEN = 4.0, 0.5, 20.0
STRENGTHS = [f"0.{digit}" for digit in range(1, 9)]


def sweep() -> JobGraph:
    """Corpus, then of each strength a training, and a group of two that chooses lines and prunes."""
    jobs = [Job("corpus", {}, 1)]
    for strength in STRENGTHS:
        values, first = {"strength": strength}, len(jobs)
        jobs += [
            Job("shs", values, 1, (0,)),
            Job("select_lines", values, 1, (first,), group=f"prune-{strength}"),
            Job("prune", values, 1, (first, first + 1), group=f"prune-{strength}"),
        ]
    return JobGraph(tuple(jobs), {})


GRAPH = sweep()
SECONDS = [{"corpus": 9.0, "shs": 30.0, "select_lines": 5.0, "prune": 16.0}[job.rule] for job in GRAPH.jobs]
SECONDS = [seconds + 0.1 * number for number, seconds in enumerate(SECONDS)]


def run(units: Sequence[Unit], slots: int, inside: float, until_seen: float) -> list[Measurement]:
    """What a run with so many slots leaves: a job ends as it does, and is seen when its unit is."""
    tasks = tasks_of(units, GRAPH.jobs, SECONDS, BEFORE, slots, inside, until_seen)
    left = []
    for unit, task, start in zip(units, tasks, list_schedule(tasks, 1, slots, slots).starts, strict=True):
        now = 1000 + start + BEFORE
        for number in unit.jobs:  # those of a group here are a chain
            ended = now + SECONDS[number]
            seen = 1000 + start + task.seconds + until_seen
            job = GRAPH.jobs[number]
            left.append(Measurement(job.rule, job.wildcards, SECONDS[number], ended, seen))
            now = ended + inside
    return left


@pytest.mark.parametrize("slots", [1, 2, 3, 8, 64])
def test_a_cluster_s_is_found_whatever_the_slots_of_the_run(slots: int) -> None:
    units = group_units(GRAPH)
    found = start_up(units, GRAPH.jobs, run(units, slots, INSIDE, UNTIL_SEEN))
    assert found.inside == pytest.approx(INSIDE) and found.until_seen == pytest.approx(UNTIL_SEEN)
    assert found.before == pytest.approx(BEFORE)


@pytest.mark.parametrize("slots", [1, 2])
def test_a_machine_s_is_found_where_every_job_is_by_itself(slots: int) -> None:
    units = single_units(GRAPH)
    found = start_up(units, GRAPH.jobs, run(units, slots, 0.0, 0.0))
    assert (found.before, found.inside, found.until_seen) == pytest.approx((BEFORE, 0, 0))


def test_a_run_that_was_started_again_and_one_that_left_little_tell_what_they_can() -> None:
    units = group_units(GRAPH)
    whole = run(units, 2, INSIDE, UNTIL_SEEN)
    middle = sorted(each.seen for each in whole)[len(whole) // 2]
    paused = [
        replace(each, ended=each.ended + 3600, seen=each.seen + 3600) if each.began > middle else each
        for each in whole
    ]
    found = start_up(units, GRAPH.jobs, paused)
    assert found.before == pytest.approx(BEFORE) and found.until_seen == pytest.approx(UNTIL_SEEN)
    without_lines = [each for each in whole if each.rule != "select_lines"]
    assert start_up(units, GRAPH.jobs, without_lines).until_seen == pytest.approx(UNTIL_SEEN)
    assert start_up(units, GRAPH.jobs, []) == StartUp(0, 0, 0)
