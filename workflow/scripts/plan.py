"""Print what the configured run will take, and write it as plan.md and plan.csv."""

import contextlib
import io
import os
import sys
import time
from graphlib import TopologicalSorter
from pathlib import Path

from snakemake.api import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings, SnakemakeApi
from snakemake.common.configfile import load_configfile
from snakemake.io import strip_wildcard_constraints
from snakemake.settings.enums import Quietness
from snakemake.utils import update_config
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from tprune import logs
from tprune.config.load import load_settings
from tprune.plan.foretell import write_plan
from tprune.plan.job_graph import Job, JobGraph, RuleFiles


def job_graph(snakefile, configuration, target, cores):
    """What Snakemake would run for `target`, asked of Snakemake itself; nothing is run or locked."""
    sys.argv = ["snakemake", target]  # the grid looks there for the target `rivals`
    given = ResourceSettings(cores=cores), ConfigSettings(config=configuration)
    quiet = OutputSettings(quiet={Quietness.ALL})
    with SnakemakeApi(quiet) as api, contextlib.redirect_stdout(io.StringIO()):
        api_of_workflow = api.workflow(*given, snakefile=Path(snakefile))
        workflow = api_of_workflow._workflow
        # But where jobs are to be submitted, or in a dry run, Snakemake takes no job for a group's.
        workflow._executor_plugin = ExecutorPluginRegistry().get_plugin("dryrun")
        api_of_workflow.dag(DAGSettings(targets={target})).printrulegraph()  # makes the graph of jobs
        order = TopologicalSorter(workflow.dag.dependencies).static_order()
        position = {job: number for number, job in enumerate(job for job in order if not job.rule.norun)}
        jobs = [planned_job(workflow, job, position) for job in position]
        files = {rule.name: rule_files(rule, configuration["results_dir"]) for rule in workflow.rules}
    return JobGraph(tuple(jobs), {name: found for name, found in files.items() if found})


def planned_job(workflow, job, position):
    """Snakemake's job as the library's."""
    return Job(
        rule=job.rule.name,
        wildcards=dict(job.wildcards_dict),
        threads=job.threads,
        dependencies=tuple(sorted(position[each] for each in workflow.dag.dependencies[job])),
        exclusive=bool(job.resources.get("exclusive", 0)),
        local=job.rule.name in workflow._localrules,
        group=job.group,
        finished=not workflow.dag.needrun(job),
    )


def rule_files(rule, results_dir):
    """Where a rule leaves benchmark and log, below `results_dir`; None of a rule without a benchmark."""
    if not rule.benchmark:
        return None
    patterns = [strip_wildcard_constraints(str(each)) for each in (rule.benchmark, *rule.log[:1])]
    return RuleFiles(*(each.removeprefix(f"{results_dir}/") for each in patterns))


def measured_configuration(base, measured):
    """The configuration of the run whose times are taken: `measured` laid over the file `base`."""
    configuration = load_configfile(base)
    update_config(configuration, load_configfile(measured))
    return configuration


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
