"""What starting a job adds to its own time, read off what a finished run left."""

import statistics
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tprune.plan.job_graph import Job
from tprune.plan.measurements import Measurement
from tprune.plan.units import Unit

LONGEST = 600.0  # seconds; what took longer waited for someone to start the run again


@dataclass(frozen=True)
class StartUp:
    """Seconds beside a job's own time.

    `before` it begins, on its cores; `inside`, between a job of a group and the next; `until_seen`, from its
    end, when its cores are free, until Snakemake has seen that and starts others.
    """

    before: float
    inside: float
    until_seen: float


def start_up(units: Sequence[Unit], jobs: Sequence[Job], measurements: Sequence[Measurement]) -> StartUp:
    """Read it off a run whose `jobs` were started as `units`; zeros where that left too little.

    Snakemake starts jobs whenever it has seen that one ended. So from the last such moment to a unit's
    beginning is what starting one takes; the median leaves out those that waited for cores first. A
    cluster is asked at intervals that grow: the mean time until an end is seen counts, for its sum is what a
    chain of jobs waits. Jobs that a head node runs by itself (`local`) start at once and are no part of it.
    """
    measured = {_key(each.rule, each.wildcards): each for each in measurements}
    times = [measured.get(_key(job.rule, job.wildcards)) for job in jobs]
    moments = sorted(each.seen for each in measurements)
    before, inside, until_seen = [], [], []
    for unit in units:
        found = {number: time for number in unit.jobs if (time := times[number]) is not None}
        if len(found) < len(unit.jobs):
            continue
        last = max(found.values(), key=lambda each: each.ended)
        until_seen.append(max(each.seen for each in found.values()) - last.ended)
        began = min(each.began for each in found.values())
        if earlier := bisect_right(moments, began):
            before.append(began - moments[earlier - 1])
        for number, each in found.items():
            if ends := [found[other].ended for other in jobs[number].dependencies if other in found]:
                inside.append(max(0.0, each.began - max(ends)))
    return StartUp(_middle(before), _middle(inside), _mean(until_seen))


def _key(rule: str, wildcards: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    return rule, tuple(sorted(wildcards.items()))


def _middle(seconds: Sequence[float]) -> float:
    likely = [each for each in seconds if each < LONGEST]
    return statistics.median(likely) if likely else 0.0


def _mean(seconds: Sequence[float]) -> float:
    likely = [each for each in seconds if each < LONGEST]
    return statistics.fmean(likely) if likely else 0.0
