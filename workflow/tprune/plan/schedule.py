"""List scheduling: when each task runs on so many nodes of so many cores (Graham, 1966).

Whenever cores are free, the ready task with the longest way to the end of the graph that fits starts; none
is kept waiting for cores that would fit it later. That is within twice the best schedule for tasks of one
core, and close to what Snakemake and batch systems do, which fill free cores with what is ready.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from tprune.errors import TPruneError


@dataclass(frozen=True)
class Task:
    """`seconds` on `cores` of one node, after the tasks at the positions `dependencies`, all earlier ones.

    Its end is seen `until_seen` seconds later: its cores are free by then, those after it wait till then.
    """

    seconds: float
    cores: int
    dependencies: tuple[int, ...] = ()
    until_seen: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """`starts`: seconds from the beginning, per task; `wall_seconds`: until the last has ended."""

    starts: tuple[float, ...]
    wall_seconds: float


def list_schedule(
    tasks: Sequence[Task], nodes: int, cores_per_node: int, at_once: int | None = None
) -> Schedule:
    """Schedule `tasks` on `nodes` equal nodes; raises TPruneError for a task larger than a node.

    `at_once`: the most tasks with cores that are begun and not yet seen to have ended; None: any number.
    """
    for number, task in enumerate(tasks):
        if task.cores > cores_per_node:
            raise TPruneError(
                f"task {number} takes {task.cores} cores and a node has {cores_per_node}: set "
                "plan.cores_per_node to those of your nodes"
            )
    rest = seconds_to_end(tasks)
    successors = _successors(tasks)
    waiting_for = [len(task.dependencies) for task in tasks]
    free = [cores_per_node] * nodes
    ready: dict[int, list[tuple[float, int]]] = {}  # by cores, so that what cannot fit is not looked at
    running: list[tuple[float, bool, int, int]] = []  # time, whether it is the end that is seen, task, node
    places = len(tasks) if at_once is None else at_once
    starts = [0.0] * len(tasks)
    now = 0.0

    def add(number: int) -> None:
        heapq.heappush(ready.setdefault(tasks[number].cores, []), (-rest[number], number))

    for first, count in enumerate(waiting_for):
        if count == 0:
            add(first)
    while True:
        while (taken := _take(ready, max(free) if places else 0)) is not None:
            cores = tasks[taken].cores
            places -= cores > 0
            node = min((each for each in range(nodes) if free[each] >= cores), key=free.__getitem__)
            free[node] -= cores
            starts[taken] = now
            heapq.heappush(running, (now + tasks[taken].seconds, False, taken, node))
        if not running:
            return Schedule(tuple(starts), now)
        now = running[0][0]
        while running and running[0][0] <= now:
            _, seen, ended, node = heapq.heappop(running)
            if not seen:
                free[node] += tasks[ended].cores
                heapq.heappush(running, (now + tasks[ended].until_seen, True, ended, node))
                continue
            places += tasks[ended].cores > 0
            for other in successors[ended]:
                waiting_for[other] -= 1
                if waiting_for[other] == 0:
                    add(other)


def critical_path(tasks: Sequence[Task]) -> list[int]:
    """Positions of the tasks of the longest chain, in order: no number of nodes ends before its sum."""
    if not tasks:
        return []
    rest = seconds_to_end(tasks)
    successors = _successors(tasks)
    number = max((each for each, task in enumerate(tasks) if not task.dependencies), key=rest.__getitem__)
    path = [number]
    while successors[number]:
        number = max(successors[number], key=rest.__getitem__)
        path.append(number)
    return path


def seconds_to_end(tasks: Sequence[Task]) -> list[float]:
    """Per task: the length of the longest chain that begins with it, itself included."""
    rest = [task.seconds + task.until_seen for task in tasks]
    behind = [0.0] * len(tasks)
    for number in reversed(range(len(tasks))):
        rest[number] += behind[number]
        for other in tasks[number].dependencies:
            behind[other] = max(behind[other], rest[number])
    return rest


def _successors(tasks: Sequence[Task]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in tasks]
    for number, task in enumerate(tasks):
        for other in task.dependencies:
            found[other].append(number)
    return found


def _take(ready: dict[int, list[tuple[float, int]]], most_free: int) -> int | None:
    """Take the most urgent task out of `ready` that fits on a node with `most_free` cores free."""
    fitting = [heap for cores, heap in ready.items() if cores <= most_free and heap]
    return heapq.heappop(min(fitting, key=lambda heap: heap[0]))[1] if fitting else None
