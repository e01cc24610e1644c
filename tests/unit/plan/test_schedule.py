import itertools
import random

import pytest

from tprune.errors import TPruneError
from tprune.plan.schedule import Schedule, StatusChecks, Task, critical_path, list_schedule, seconds_to_end


def most_cores_at_once(tasks: list[Task], schedule: Schedule) -> int:
    events = sorted(
        event
        for task, start in zip(tasks, schedule.starts, strict=True)
        for event in ((start + task.seconds, 0, -task.cores), (start, 1, task.cores))
    )
    return max(itertools.accumulate(cores for _, _, cores in events))


def test_a_chain_takes_its_sum_on_any_number_of_nodes() -> None:
    chain = [Task(3, 1), Task(4, 1, (0,)), Task(5, 1, (1,))]
    assert {list_schedule(chain, nodes, 4).wall_seconds for nodes in (1, 2, 8)} == {12}
    assert critical_path(chain) == [0, 1, 2]
    assert seconds_to_end(chain) == [12, 9, 5]


def test_a_fan_out_takes_as_many_rounds_as_it_needs() -> None:
    fan = [Task(1, 1), *(Task(10, 1, (0,)) for _ in range(8)), Task(2, 1, tuple(range(1, 9)))]
    walls = {nodes: list_schedule(fan, nodes, 2).wall_seconds for nodes in (1, 2, 4, 64)}
    assert walls == {1: 1 + 4 * 10 + 2, 2: 1 + 2 * 10 + 2, 4: 13, 64: 13}


def test_cores_are_those_of_one_node_never_of_two() -> None:
    assert list_schedule([Task(10, 3), Task(10, 3)], 1, 4).wall_seconds == 20
    assert list_schedule([Task(10, 3), Task(10, 3)], 2, 4).wall_seconds == 10
    # Two of three cores leave one core free on each node, which is not two cores on one.
    tasks = [Task(10, 3), Task(10, 3), Task(1, 2)]
    assert list_schedule(tasks, 2, 4).wall_seconds == 11


def test_a_task_of_a_whole_node_waits_until_one_is_empty_and_nothing_runs_beside_it() -> None:
    tasks = [Task(10, 1), Task(4, 1), Task(1, 2, (1,)), Task(3, 1, (1,))]
    schedule = list_schedule(tasks, 1, 2)
    assert schedule.starts[2] == 10, "while the node holds another task, those that fit go first"
    assert schedule.starts[3] == 4
    assert most_cores_at_once(tasks, schedule) == 2


def test_tasks_without_cores_run_beside_a_full_node() -> None:
    assert list_schedule([Task(10, 2), Task(5, 0), Task(5, 0)], 1, 2).starts == (0, 0, 0)


def test_what_ends_last_begins_first() -> None:
    tasks = [Task(1, 1), Task(1, 1), Task(1, 1), Task(5, 1, (2,))]
    assert list_schedule(tasks, 1, 2).wall_seconds == 6


def test_a_task_larger_than_a_node_is_refused() -> None:
    with pytest.raises(TPruneError, match=r"takes 4 cores and a node has 2.*plan\.cores_per_node"):
        list_schedule([Task(1, 4)], 8, 2)


SLURM = StatusChecks(2, 10, 30)  # asked after 2, 14, 36, 66, 96 s


def test_an_end_is_seen_when_the_cluster_is_next_asked_and_cores_are_free_before() -> None:
    tasks = [Task(20, 1), Task(10, 1), Task(1, 1, (0,)), Task(5, 0, (2,))]
    schedule = list_schedule(tasks, 1, 1, checks=SLURM)
    # The second starts when the first ends; both are seen after 36 s. The third, of 1 s, is seen 2 s later.
    assert schedule.starts == (0, 20, 36, 38) and schedule.wall_seconds == 43


def test_the_cluster_is_asked_ever_less_often_while_none_ends() -> None:
    walls = {
        seconds: list_schedule([Task(seconds, 1)], 1, 1, checks=SLURM).wall_seconds
        for seconds in (1, 2, 3, 15, 37, 70, 1000)
    }
    assert walls == {1: 2, 2: 2, 3: 14, 15: 36, 37: 66, 70: 96, 1000: 1026}
    steady = StatusChecks(10, 0, 10)
    assert list_schedule([Task(31, 1)], 1, 1, checks=steady).wall_seconds == 40


def test_no_more_are_begun_at_once_than_may_until_the_end_of_one_is_seen() -> None:
    tasks = [*(Task(4, 1) for _ in range(3)), Task(1, 0)]
    assert list_schedule(tasks, 8, 8, 2).starts == (0, 0, 4, 0), "what takes no cores is not counted"
    assert list_schedule(tasks, 8, 8, 2, SLURM).starts == (0, 0, 14, 0)
    assert list_schedule(tasks, 8, 8, 1, SLURM).wall_seconds == 3 * 14


def test_nothing_to_do_takes_no_time() -> None:
    assert list_schedule([], 4, 2).wall_seconds == 0 and critical_path([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_keep_to_the_bounds(seed: int) -> None:
    """No schedule beats the critical path or work over capacity; a list schedule stays below their sum."""
    draw = random.Random(seed)
    tasks = [
        Task(
            draw.uniform(0.1, 10),
            draw.choice([1, 1, 2]),
            tuple(draw.sample(range(n), min(n, n % 4))),
        )
        for n in range(40)
    ]
    path = sum(tasks[number].seconds for number in critical_path(tasks))
    work = sum(task.seconds * task.cores for task in tasks)
    for nodes in (1, 2, 8):
        schedule = list_schedule(tasks, nodes, 2)
        assert schedule.wall_seconds >= max(path, work / (2 * nodes)) - 1e-9
        assert schedule.wall_seconds <= path + 2 * work / (2 * nodes) + 1e-9
        assert most_cores_at_once(tasks, schedule) <= 2 * nodes
        for task, start in zip(tasks, schedule.starts, strict=True):
            ends = (schedule.starts[other] + tasks[other].seconds for other in task.dependencies)
            assert start >= max(ends, default=0) - 1e-9
