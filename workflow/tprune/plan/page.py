"""The forecast as text to read and as a table."""

from collections.abc import Sequence

import pandas as pd

from tprune.plan.durations import Durations, Estimate
from tprune.plan.forecast import Forecast, Machine
from tprune.plan.schedule import StatusChecks
from tprune.tables.markdown import pipe_table

NODE_TITLES = ("nodes", "cores", "wall time", "fastest to slowest", "core hours", "busy")
RULE_TITLES = ("rule", "jobs", "measured", "a job", "fastest to slowest", "core hours")
LEAST_SHARE_SHOWN = 0.01  # of all core hours


def table(forecasts: dict[str, Forecast], cores_per_node: int) -> pd.DataFrame:
    """One row for each scope (`all`, `left`) and number of nodes; seconds and core hours."""
    return pd.DataFrame(
        [
            {
                "scope": scope,
                "jobs": forecast.jobs,
                "nodes": row.nodes,
                "cores_per_node": cores_per_node,
                "wall_seconds": row.wall.expected,
                "wall_seconds_low": row.wall.low,
                "wall_seconds_high": row.wall.high,
                "core_hours": row.core_hours.expected,
                "core_hours_low": row.core_hours.low,
                "core_hours_high": row.core_hours.high,
                "busy_share": row.busy,
                "critical_path_seconds": forecast.path_seconds,
            }
            for scope, forecast in forecasts.items()
            for row in forecast.rows
        ]
    )


def page(
    target: str, source: str, forecasts: dict[str, Forecast], durations: Durations, machine: Machine
) -> str:
    """The text of plan.md: of each scope the table by nodes, then the critical path, rules, assumptions."""
    everything = forecasts["all"]
    parts = [f"# Plan of `{target}`\n\nTimes from {source}.\n"]
    titles = {"all": "All jobs, from nothing", "left": "What is left"}
    for scope, forecast in forecasts.items():
        parts.append(f"\n## {titles[scope]}: {_count(forecast.jobs, 'job')}\n\n")
        if forecast.jobs == everything.jobs and scope != "all":
            parts.append("Nothing is finished: as above.\n")
        elif not forecast.jobs:
            parts.append("Nothing.\n")
        else:
            parts.append(pipe_table(NODE_TITLES, _node_cells(forecast, machine.cores_per_node)))
    parts.append(
        f"\n## Critical path: {duration(everything.path_seconds)}\n\n"
        "No number of nodes ends before this chain of jobs, each of which waits for the one above.\n\n"
    )
    parts.append(pipe_table(("job", "takes"), _path_cells(everything)))
    parts.append("\n## Where the core hours go\n\n")
    parts.append(pipe_table(RULE_TITLES, _rule_cells(everything, durations)))
    parts.append("\n## Taken for granted\n\n")
    parts.extend(f"- {text}\n" for text in _assumptions(everything, durations, machine))
    return "".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: 0.5 s, 42 s, 12 min 30 s, 3 h 05 min, 2 d 04 h."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24:02d} h"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _range(estimate: Estimate) -> str:
    return f"{duration(estimate.low)} to {duration(estimate.high)}"


def _node_cells(forecast: Forecast, cores_per_node: int) -> list[list[str]]:
    return [
        [
            f"{row.nodes}",
            f"{row.nodes * cores_per_node}",
            duration(row.wall.expected),
            _range(row.wall),
            _hours(row.core_hours.expected),
            f"{100 * row.busy:.0f} %",
        ]
        for row in forecast.rows
    ]


def _path_cells(forecast: Forecast) -> list[list[str]]:
    return [[str(job), duration(seconds)] for job, seconds in forecast.path]


def _rule_cells(forecast: Forecast, durations: Durations) -> list[list[str]]:
    """Rules by their core hours; those that take next to nothing are summed up in one row."""
    ordered = sorted(forecast.by_rule.items(), key=lambda item: item[1][2], reverse=True)
    least = LEAST_SHARE_SHOWN * sum(hours for _, (_, _, hours) in ordered)
    shown = [item for item in ordered if item[1][2] >= least]
    small = [item for item in ordered if item[1][2] < least]
    cells = [
        [
            rule,
            f"{jobs:,}",
            f"{durations.samples(rule)}" if durations.samples(rule) else "no",
            duration(estimate.expected),
            _range(estimate),
            _hours(hours),
        ]
        for rule, (jobs, estimate, hours) in shown
    ]
    if small:
        jobs, hours = sum(each[0] for _, each in small), sum(each[2] for _, each in small)
        cells.append([f"{_count(len(small), 'rule')} more", f"{jobs:,}", "", "", "", _hours(hours)])
    return cells


def _hours(hours: float) -> str:
    return f"{hours:,.{3 if hours < 1 else 1 if hours < 100 else 0}f}"


def _interval(checks: StatusChecks) -> str:
    return f"{duration(checks.first)} to {duration(checks.longest)}"


def _assumptions(forecast: Forecast, durations: Durations, machine: Machine) -> Sequence[str]:
    where = (
        f"jobs go to a cluster, those of a group as one, at most {machine.jobs} at once; what waits for one "
        f"starts when the cluster is next asked, {_interval(machine.checks)} later"
        if machine.checks is not None
        else "Snakemake runs every job by itself on one machine"
    )
    return [
        *durations.assumptions(forecast.by_rule),
        f"{where}; starting one takes {machine.seconds_per_job:.2f} s before its own time begins, "
        f"{machine.seconds_inside:.2f} s inside a group, {machine.seconds_after:.2f} s after, and Snakemake "
        f"{duration(machine.seconds_at_start)} before the first",
        "a job takes as long beside others as it did in the measured run; nodes are as fast as its machine, "
        "and memory sets no limit",
        "fastest to slowest: if every job took as long as the fastest, or the slowest, of the measured jobs "
        "most like it (of the same rule, then method, dtype, strength, threshold, speedup, repeat)",
    ]
