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
    """Seconds on a unit's cores `before` its own time, `inside` it before each further job, `after` it."""

    before: float
    inside: float
    after: float


def start_up(
    units: Sequence[Unit], jobs: Sequence[Job], measurements: Sequence[Measurement], submitted: bool
) -> StartUp:
    """Read it off a run whose `jobs` were started as `units`; zeros where that left too little.

    Snakemake starts jobs whenever it has seen that one ended. So from the last such moment to a unit's
    beginning is what starting one takes; the median leaves out those that waited for cores first. A unit
    that a cluster runs ends some seconds after its last log does; from that to when it is seen takes the less
    the sooner the cluster is asked, so that the least of all units is the closest. On one machine an end is
    seen at once, and logs do not count. Units that a cluster's head node runs are none of `units`.
    """
    measured = {_key(each.rule, each.wildcards): each for each in measurements}
    times = [measured.get(_key(job.rule, job.wildcards)) for job in jobs]
    moments = sorted(each.seen for each in measurements)
    before, inside, after = [], [], []
    for unit in units:
        found = {number: time for number in unit.jobs if (time := times[number]) is not None}
        if len(found) < len(unit.jobs):
            continue
        began = min((each.ended if submitted else each.seen) - each.seconds for each in found.values())
        if submitted:
            ended = max(each.ended for each in found.values())
            after.append(max(each.seen for each in found.values()) - ended)
        if earlier := bisect_right(moments, began):
            before.append(began - moments[earlier - 1])
        for number, each in found.items():
            if ends := [found[other].ended for other in jobs[number].dependencies if other in found]:
                inside.append(max(0.0, each.ended - each.seconds - max(ends)))
    return StartUp(_median(before), _median(inside), min(after, default=0.0))


def _key(rule: str, wildcards: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    return rule, tuple(sorted(wildcards.items()))


def _median(seconds: Sequence[float]) -> float:
    likely = [each for each in seconds if each < LONGEST]
    return statistics.median(likely) if likely else 0.0
