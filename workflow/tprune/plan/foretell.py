"""From a graph of jobs and the times of a finished run to plan.md and plan.csv."""

from pathlib import Path

from tprune.atomic import write_text
from tprune.config.settings import Settings
from tprune.errors import TPruneError
from tprune.plan.durations import Durations
from tprune.plan.forecast import Machine, forecast, planned_units
from tprune.plan.job_graph import JobGraph
from tprune.plan.measurements import read_measurements
from tprune.plan.page import page, table
from tprune.plan.schedule import StatusChecks
from tprune.plan.start_up import start_up
from tprune.plan.units import beside_snakemake
from tprune.tables.writing import write_csv


def write_plan(
    graph: JobGraph,
    measured_graph: JobGraph,
    planned: Settings,
    measured: Settings,
    cores_per_node: int,
    seconds_at_start: float,
    folder: Path,
) -> str:
    """Foretell `graph`, made under `planned`, from what the run of `measured_graph`, under `measured`, left.

    Writes plan.md and plan.csv into `folder` and returns the text of the first. `seconds_at_start` is what
    Snakemake takes until it has its jobs. Raises TPruneError where the run left no benchmarks, and where a
    training takes several nodes.
    """
    if max(planned.training.nodes, measured.training.nodes) > 1:
        raise TPruneError(
            "training.nodes: found more than 1, and a plan has each training on one node; plan with 1"
        )
    wanted = planned.plan
    measurements = read_measurements(Path(measured.results_dir), graph.files)
    units = [
        unit
        for unit in planned_units(measured_graph, wanted.submitted)
        if not (wanted.submitted and beside_snakemake(unit, measured_graph.jobs))
    ]
    found = start_up(units, measured_graph.jobs, measurements, wanted.submitted)
    machine = Machine(
        cores_per_node,
        wanted.submitted,
        found.before if wanted.seconds_per_job is None else wanted.seconds_per_job,
        seconds_at_start,
        found.inside,
        found.after,
        wanted.jobs if wanted.submitted else None,
        StatusChecks(**wanted.status_checks.model_dump()) if wanted.submitted else None,
    )
    durations = Durations(measurements, measured, planned)
    forecasts = {
        scope: forecast(each, durations, wanted.nodes, machine)
        for scope, each in {"all": graph, "left": graph.left()}.items()
    }
    source = f"{len(measurements)} benchmarks in {measured.results_dir}"
    text = page(wanted.target, source, forecasts, durations, machine)
    write_text(folder / "plan.md", text)
    write_csv(table(forecasts, cores_per_node), folder / "plan.csv")
    return text
