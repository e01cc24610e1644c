"""Print what the configured run will take, and write it as plan.md and plan.csv."""

import os
import time
from pathlib import Path

from tprune import logs
from tprune.config.load import load_settings
from tprune.plan.foretell import write_plan
from tprune.plan.snakemake_jobs import job_graph, measured_configuration

logs.start(snakemake.log[0])
params = snakemake.params
planned = load_settings(params.configuration, "configuration")
wanted = planned.plan
cores = wanted.cores_per_node or os.cpu_count()
started = time.monotonic()
graph = job_graph(params.snakefile, params.configuration, wanted.target, cores)
at_start = time.monotonic() - started
measured, measured_graph = planned, graph
if wanted.measured:
    configuration = measured_configuration(params.base, wanted.measured)
    measured = load_settings(configuration, wanted.measured)
    measured_graph = job_graph(params.snakefile, configuration, wanted.target, cores)
text = write_plan(graph, measured_graph, planned, measured, cores, at_start, Path(params.folder))
print(text, flush=True)
