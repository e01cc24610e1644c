"""The forecast: wall time and core hours of a graph of jobs on different numbers of nodes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tprune.plan.durations import Durations, Estimate
from tprune.plan.job_graph import Job, JobGraph
from tprune.plan.schedule import StatusChecks, Task, critical_path, list_schedule
from tprune.plan.units import Unit, group_units, single_units, tasks_of, with_head_node


@dataclass(frozen=True)
class Machine:
    """What is planned for.

    `submitted`: to a cluster, the jobs of a group as one; else each job by itself on one machine.
    `seconds_per_job` comes on top of each job that is started, or group that is submitted, `seconds_inside`
    before each further job of a group, `seconds_after` until its cores are free, `seconds_at_start` once,
    until Snakemake has its jobs. On a cluster that is asked at `checks` which jobs ended, `jobs` is the most
    that are submitted at once.
    """

    cores_per_node: int
    submitted: bool
    seconds_per_job: float
    seconds_at_start: float = 0.0
    seconds_inside: float = 0.0
    seconds_after: float = 0.0
    jobs: int | None = None
    checks: StatusChecks | None = None


@dataclass(frozen=True)
class Row:
    """The forecast for one number of nodes; `busy`: the part of all cores' time that jobs take."""

    nodes: int
    wall: Estimate
    core_hours: Estimate
    busy: float


@dataclass(frozen=True)
class Forecast:
    """Rows by number of nodes; the longest chain of jobs with their seconds; core hours by rule."""

    jobs: int
    rows: tuple[Row, ...]
    path: tuple[tuple[Job, float], ...]
    path_seconds: float
    by_rule: Mapping[str, tuple[int, Estimate, float]]


def planned_units(graph: JobGraph, submitted: bool) -> list[Unit]:
    """What starts as one: on a cluster the jobs of a group, else each job."""
    return group_units(graph) if submitted else single_units(graph)


def forecast(graph: JobGraph, durations: Durations, nodes: Sequence[int], machine: Machine) -> Forecast:
    """Schedule `graph` three times: every job as the fastest of its like, as expected, as the slowest.

    A job that asks for more cores than a node has is given those there are.
    """
    estimates = [durations.estimate(job) for job in graph.jobs]
    units = planned_units(graph, machine.submitted)
    tasks: list[list[Task]] = []
    for index in range(len(Estimate._fields)):
        seconds = [estimate[index] for estimate in estimates]
        made = tasks_of(
            units,
            graph.jobs,
            seconds,
            machine.seconds_per_job + machine.seconds_after,
            machine.cores_per_node,
            machine.seconds_inside,
        )
        tasks.append(
            with_head_node(made, units, graph.jobs, machine.seconds_per_job + machine.seconds_after)
            if machine.submitted
            else made
        )
    core_hours = Estimate(*(sum(task.seconds * task.cores for task in each) / 3600 for each in tasks))
    rows = []
    for count in nodes:
        walls = [
            list_schedule(each, count, machine.cores_per_node, machine.jobs, machine.checks).wall_seconds
            for each in tasks
        ]
        wall = Estimate(*(seconds + machine.seconds_at_start for seconds in walls))
        room = count * machine.cores_per_node * wall.expected / 3600
        rows.append(Row(count, wall, core_hours, core_hours.expected / room if room else 0.0))
    path = critical_path(tasks[1])
    chain = [(graph.jobs[number], estimates[number].expected) for unit in path for number in units[unit].jobs]
    return Forecast(
        len(graph.jobs),
        tuple(rows),
        tuple(chain),
        sum(tasks[1][unit].seconds for unit in path) + machine.seconds_at_start,
        _by_rule(graph, estimates, machine.cores_per_node),
    )


def _by_rule(
    graph: JobGraph, estimates: Sequence[Estimate], cores_per_node: int
) -> dict[str, tuple[int, Estimate, float]]:
    """Of each rule: its jobs, seconds of one (fastest, mean, slowest), core hours of all."""
    found: defaultdict[str, list[Estimate]] = defaultdict(list)
    hours: defaultdict[str, float] = defaultdict(float)
    for job, estimate in zip(graph.jobs, estimates, strict=True):
        found[job.rule].append(estimate)
        cores = cores_per_node if job.exclusive else min(job.threads, cores_per_node)
        hours[job.rule] += estimate.expected * cores / 3600
    return {
        rule: (
            len(each),
            Estimate(
                min(one.low for one in each),
                sum(one.expected for one in each) / len(each),
                max(one.high for one in each),
            ),
            hours[rule],
        )
        for rule, each in found.items()
    }
