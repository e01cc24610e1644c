"""From jobs to what is submitted: jobs of a group that depend on each other go as one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tprune.errors import TPruneError
from tprune.plan.job_graph import Job, JobGraph
from tprune.plan.schedule import Task, list_schedule


@dataclass(frozen=True)
class Unit:
    """Jobs that are submitted together, as positions in the graph, and the units they wait for."""

    jobs: tuple[int, ...]
    dependencies: tuple[int, ...]


def single_units(graph: JobGraph) -> list[Unit]:
    """Every job by itself."""
    return [Unit((number,), job.dependencies) for number, job in enumerate(graph.jobs)]


def group_units(graph: JobGraph) -> list[Unit]:
    """Jobs of one group that are connected in the graph as one unit, as Snakemake submits them.

    Units come after all that they depend on. Raises TPruneError where that cannot be.
    """
    return _ordered(graph.jobs, _connected(graph.jobs))


def tasks_of(
    units: Sequence[Unit],
    jobs: Sequence[Job],
    seconds: Sequence[float],
    seconds_per_unit: float,
    cores_per_node: int,
    seconds_inside: float = 0.0,
) -> list[Task]:
    """A task per unit: of one job its time and cores, of several a schedule of them inside the unit.

    `seconds` are the jobs' own times; on top come `seconds_per_unit` once a unit and `seconds_inside` before
    each of its other jobs. A unit of several has as many cores as its widest layer of jobs that do not depend
    on each other, at most a node's, as Snakemake reckons a group's.
    """
    return [
        Task(
            seconds_per_unit + _inside(unit, jobs, seconds, seconds_inside, cores_per_node),
            _cores(unit, jobs, cores_per_node),
            unit.dependencies,
        )
        for unit in units
    ]


def with_head_node(
    tasks: Sequence[Task], units: Sequence[Unit], jobs: Sequence[Job], seconds_per_unit: float = 0.0
) -> list[Task]:
    """The tasks as on a cluster, where jobs beside Snakemake itself take no node's cores and no submission.

    `seconds_per_unit`: what of each task's time is its submission.
    """
    return [
        replace(task, cores=0, seconds=task.seconds - seconds_per_unit)
        if beside_snakemake(unit, jobs)
        else task
        for task, unit in zip(tasks, units, strict=True)
    ]


def beside_snakemake(unit: Unit, jobs: Sequence[Job]) -> bool:
    """Whether on a cluster a unit is not submitted."""
    return all(jobs[number].local for number in unit.jobs)


def _inside(
    unit: Unit, jobs: Sequence[Job], seconds: Sequence[float], seconds_inside: float, cores_per_node: int
) -> float:
    if len(unit.jobs) == 1:
        return seconds[unit.jobs[0]]
    cores = _cores(unit, jobs, cores_per_node)
    position = {number: index for index, number in enumerate(unit.jobs)}
    tasks = [
        Task(
            seconds[number] + (seconds_inside if position[number] else 0.0),
            min(_job_cores(jobs[number], cores_per_node), cores),
            tuple(position[other] for other in jobs[number].dependencies if other in position),
        )
        for number in unit.jobs
    ]
    return list_schedule(tasks, 1, cores).wall_seconds


def _cores(unit: Unit, jobs: Sequence[Job], cores_per_node: int) -> int:
    layer: dict[int, int] = {}
    width: defaultdict[int, int] = defaultdict(int)
    for number in unit.jobs:
        before = (layer[other] for other in jobs[number].dependencies if other in layer)
        layer[number] = max(before, default=-1) + 1
        width[layer[number]] += _job_cores(jobs[number], cores_per_node)
    return min(max(width.values()), cores_per_node)


def _job_cores(job: Job, cores_per_node: int) -> int:
    return cores_per_node if job.exclusive else min(job.threads, cores_per_node)


def _connected(jobs: Sequence[Job]) -> list[list[int]]:
    """Positions of the jobs, those of one group together that are connected by dependencies inside it."""
    parent = list(range(len(jobs)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number, job in enumerate(jobs):
        if job.group is not None:
            for other in job.dependencies:
                if jobs[other].group == job.group:
                    parent[root(number)] = root(other)
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(jobs)):
        parts[root(number)].append(number)
    return list(parts.values())


def _ordered(jobs: Sequence[Job], members: Sequence[list[int]]) -> list[Unit]:
    """Units of these members, each after all that it depends on."""
    unit_of = {number: index for index, part in enumerate(members) for number in part}
    needs = [
        {unit_of[other] for number in part for other in jobs[number].dependencies} - {index}
        for index, part in enumerate(members)
    ]
    successors: list[list[int]] = [[] for _ in members]
    for index, others in enumerate(needs):
        for other in others:
            successors[other].append(index)
    waiting_for = [len(others) for others in needs]
    order = [index for index, count in enumerate(waiting_for) if count == 0]
    for index in order:  # grows while it is read
        for other in successors[index]:
            waiting_for[other] -= 1
            if waiting_for[other] == 0:
                order.append(other)
    if len(order) < len(members):
        raise TPruneError(
            "a group of jobs waits for jobs outside it that wait for the group: give the rules between them "
            "the same group, or plan with plan.submitted false"
        )
    place = {index: position for position, index in enumerate(order)}
    return [
        Unit(tuple(members[index]), tuple(sorted(place[other] for other in needs[index]))) for index in order
    ]
