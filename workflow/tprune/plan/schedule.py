"""List scheduling: when each task runs on so many nodes of so many cores (Graham, 1966).

Whenever cores are free, the ready task with the longest way to the end of the graph that fits starts; none
is kept waiting for cores that would fit it later. That is within twice the best schedule for tasks of one
core, and close to what Snakemake and batch systems do, which fill free cores with what is ready.
"""

import heapq
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tprune.errors import TPruneError

CHECK = sys.maxsize  # in the place of a task: a check comes after the ends of its moment


@dataclass(frozen=True)
class Task:
    """`seconds` on `cores` of one node, after the tasks at the positions `dependencies`, all earlier ones."""

    seconds: float
    cores: int
    dependencies: tuple[int, ...] = ()


@dataclass(frozen=True)
class StatusChecks:
    """When a cluster is asked which of its jobs ended.

    `first` seconds after an answer that some did, then after ever `step` seconds more, at most `longest`.
    """

    first: float
    step: float
    longest: float

    def after(self, seconds: float) -> float:
        """The next interval after one of so many seconds in which no job ended."""
        return min(seconds + self.step, self.longest)


@dataclass(frozen=True)
class Schedule:
    """Seconds from the beginning: per task when it `starts` and when its end is `seen`; the last of these."""

    starts: tuple[float, ...]
    seen: tuple[float, ...]
    wall_seconds: float


def list_schedule(
    tasks: Sequence[Task],
    nodes: int,
    cores_per_node: int,
    at_once: int | None = None,
    checks: StatusChecks | None = None,
) -> Schedule:
    """Schedule `tasks` on `nodes` equal nodes; raises TPruneError for a task larger than a node.

    With `checks`, that a task with cores ended is seen at the next of them: its cores are free before, what
    depends on it waits till then. `at_once`: the most such tasks that are begun and not yet seen to have
    ended; None: any number.
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
    running: list[tuple[float, int, int]] = []  # end, task, node; a check has no task
    unseen: list[int] = []
    interval, begun, most = 0.0, 0, len(tasks) if at_once is None else at_once
    starts, ends_seen = [0.0] * len(tasks), [0.0] * len(tasks)
    now = 0.0

    def add(number: int) -> None:
        heapq.heappush(ready.setdefault(tasks[number].cores, []), (-rest[number], number))

    def see(number: int) -> None:
        ends_seen[number] = now
        for other in successors[number]:
            waiting_for[other] -= 1
            if waiting_for[other] == 0:
                add(other)

    for first, count in enumerate(waiting_for):
        if count == 0:
            add(first)
    while True:
        while (taken := _take(ready, max(free) if begun < most else 0)) is not None:
            cores = tasks[taken].cores
            if checks is not None and cores > 0 and begun == 0:
                interval = checks.first
                heapq.heappush(running, (now + interval, CHECK, 0))
            begun += cores > 0
            node = min((each for each in range(nodes) if free[each] >= cores), key=free.__getitem__)
            free[node] -= cores
            starts[taken] = now
            heapq.heappush(running, (now + tasks[taken].seconds, taken, node))
        if not running:
            return Schedule(tuple(starts), tuple(ends_seen), now)
        now = running[0][0]
        while running and running[0][0] <= now:
            _, ended, node = heapq.heappop(running)
            if ended != CHECK:
                free[node] += tasks[ended].cores
                if checks is not None and tasks[ended].cores > 0:
                    unseen.append(ended)
                else:
                    begun -= tasks[ended].cores > 0
                    see(ended)
            elif checks is not None:
                interval = checks.first if unseen else checks.after(interval)
                begun -= len(unseen)
                for number in unseen:
                    see(number)
                unseen.clear()
                if begun:
                    heapq.heappush(running, (now + interval, CHECK, 0))


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
    rest = [task.seconds for task in tasks]
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
