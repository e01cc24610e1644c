"""Runs whose start-up is known, made by the scheduler itself; what is read off them is what was put in."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tprune.plan.job_graph import Job, JobGraph
from tprune.plan.measurements import Measurement
from tprune.plan.schedule import StatusChecks, list_schedule
from tprune.plan.start_up import StartUp, start_up
from tprune.plan.units import Unit, group_units, single_units, tasks_of

BEFORE, INSIDE, AFTER = 4.0, 0.5, 3.0
CHECKS = StatusChecks(2, 10, 180)
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


def run(units: Sequence[Unit], slots: int, inside: float, checks: StatusChecks | None) -> list[Measurement]:
    """What a run with so many slots leaves: a job ends as it does, and is seen when the cluster is asked."""
    around = BEFORE + (AFTER if checks else 0)
    tasks = tasks_of(units, GRAPH.jobs, SECONDS, around, slots, inside)
    schedule = list_schedule(tasks, 1, slots, slots, checks)
    left = []
    for unit, start, seen in zip(units, schedule.starts, schedule.seen, strict=True):
        now = 1000 + start + BEFORE
        for number in unit.jobs:  # those of a group here are a chain
            now += SECONDS[number]
            job = GRAPH.jobs[number]
            left.append(Measurement(job.rule, job.wildcards, SECONDS[number], now, 1000 + seen))
            now += inside
    return left


@pytest.mark.parametrize("slots", [1, 2, 3, 8, 64])
def test_a_cluster_s_is_found_whatever_the_slots_of_the_run(slots: int) -> None:
    units = group_units(GRAPH)
    found = start_up(units, GRAPH.jobs, run(units, slots, INSIDE, CHECKS), submitted=True)
    assert (found.before, found.inside) == pytest.approx((BEFORE, INSIDE))
    assert AFTER <= found.after < AFTER + CHECKS.step / 2, "and no more than until it is asked"


@pytest.mark.parametrize("slots", [1, 2])
def test_a_machine_s_is_found_where_every_job_is_by_itself(slots: int) -> None:
    """Its logs end half a second before it does."""
    units = single_units(GRAPH)
    left = [replace(each, ended=each.ended - 0.5) for each in run(units, slots, 0.0, None)]
    found = start_up(units, GRAPH.jobs, left, submitted=False)
    assert (found.before, found.after) == pytest.approx((BEFORE, 0))


def test_a_run_that_was_started_again_and_one_that_left_little_tell_what_they_can() -> None:
    units = group_units(GRAPH)
    whole = run(units, 2, INSIDE, CHECKS)
    middle = sorted(each.seen for each in whole)[len(whole) // 2]
    paused = [
        replace(each, ended=each.ended + 3600, seen=each.seen + 3600) if each.seen > middle else each
        for each in whole
    ]
    assert start_up(units, GRAPH.jobs, paused, submitted=True).before == pytest.approx(BEFORE)
    without_lines = [each for each in whole if each.rule != "select_lines"]
    found = start_up(units, GRAPH.jobs, without_lines, submitted=True)
    assert (found.before, found.inside) == pytest.approx((BEFORE, 0))
    assert start_up(units, GRAPH.jobs, [], submitted=True) == StartUp(0, 0, 0)
