from dataclasses import replace

import pytest
from graphs import graph

from tprune.errors import TPruneError
from tprune.plan.job_graph import Job
from tprune.plan.schedule import list_schedule
from tprune.plan.units import group_units, single_units, tasks_of, with_head_node

CHAINS = graph(
    Job("train", {}, 1),
    *(
        job
        for first in (1, 3)
        for job in (
            Job("select", {}, 1, (0,), group=f"g{first}"),
            Job("prune", {}, 1, (first,), group=f"g{first}"),
        )
    ),
    Job("table", {}, 1, (2, 4), local=True),
)


def test_jobs_of_a_group_go_as_one_and_wait_as_one() -> None:
    units = group_units(CHAINS)
    assert [unit.jobs for unit in units] == [(0,), (1, 2), (3, 4), (5,)]
    assert [unit.dependencies for unit in units] == [(), (0,), (0,), (1, 2)]
    tasks = tasks_of(units, CHAINS.jobs, [1, 2, 3, 4, 5, 6], 10, 2)
    assert [task.seconds for task in tasks] == [11, 15, 19, 16], "the start-up once a unit"
    slow_inside = tasks_of(units, CHAINS.jobs, [1, 2, 3, 4, 5, 6], 10, 2, 0.5)
    assert [task.seconds for task in slow_inside] == [11, 15.5, 19.5, 16]
    alone = tasks_of(single_units(CHAINS), CHAINS.jobs, [1, 2, 3, 4, 5, 6], 10, 2)
    assert list_schedule(tasks, 1, 2).wall_seconds == 11 + 19 + 16
    assert list_schedule(alone, 1, 2).wall_seconds == 11 + 14 + 15 + 16


def test_jobs_of_a_group_that_do_not_depend_on_each_other_stay_apart() -> None:
    same = graph(*(replace(job, group="g" if job.group else None) for job in CHAINS.jobs))
    assert [unit.jobs for unit in group_units(same)] == [(0,), (1, 2), (3, 4), (5,)]


def test_a_group_is_as_wide_as_its_widest_layer_up_to_a_node() -> None:
    jobs = [Job("a", {}, 1, group="g"), *(Job("b", {}, 1, (0,), group="g") for _ in range(3))]
    units = group_units(graph(*jobs))
    (wide,) = tasks_of(units, jobs, [1, 2, 2, 2], 0, 8)
    (narrow,) = tasks_of(units, jobs, [1, 2, 2, 2], 0, 2)
    assert (wide.cores, wide.seconds) == (3, 3) and (narrow.cores, narrow.seconds) == (2, 5)


def test_exclusive_jobs_take_a_node_and_local_ones_none() -> None:
    found = graph(Job("latency", {}, 1, exclusive=True), Job("table", {}, 1, (0,), local=True))
    units = single_units(found)
    tasks = tasks_of(units, found.jobs, [1, 1], 0, 16)
    assert [task.cores for task in tasks] == [16, 1]
    assert [task.cores for task in with_head_node(tasks, units, found.jobs)] == [16, 0]
    submitted = with_head_node(tasks_of(units, found.jobs, [1, 1], 5, 16), units, found.jobs, 5)
    assert [task.seconds for task in submitted] == [6, 1]


def test_a_group_that_waits_for_itself_is_refused() -> None:
    jobs = [Job("a", {}, 1, group="g"), Job("b", {}, 1, (0,)), Job("c", {}, 1, (0, 1), group="g")]
    with pytest.raises(TPruneError, match="waits for jobs outside it"):
        group_units(graph(*jobs))


def test_finished_jobs_count_as_done() -> None:
    jobs = (replace(CHAINS.jobs[0], finished=True), *CHAINS.jobs[1:])
    left = graph(*jobs).left()
    assert [job.dependencies for job in left.jobs] == [(), (0,), (), (2,), (1, 3)]
