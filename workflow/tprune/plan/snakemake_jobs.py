"""The graph of jobs, asked of Snakemake itself."""

import contextlib
import io
import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from snakemake.api import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings, SnakemakeApi
from snakemake.common.configfile import load_configfile
from snakemake.io import strip_wildcard_constraints
from snakemake.settings.enums import Quietness
from snakemake.utils import update_config
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from tprune.plan.job_graph import Job, JobGraph, RuleFiles


def job_graph(snakefile: str | Path, configuration: Mapping[str, Any], target: str, cores: int) -> JobGraph:
    """What Snakemake would run for `target` under `configuration` on `cores`; nothing is run or locked.

    `sys.argv` is set to that call and stays so. Raises what Snakemake does for a configuration it refuses.
    """
    sys.argv = ["snakemake", target]  # the grid looks there for the target `rivals`
    given = ResourceSettings(cores=cores), ConfigSettings(config=dict(configuration))
    quiet = OutputSettings(quiet={Quietness.ALL})
    with SnakemakeApi(quiet) as api, contextlib.redirect_stdout(io.StringIO()):
        api_of_workflow = api.workflow(*given, snakefile=Path(snakefile))
        workflow = api_of_workflow._workflow
        # But where jobs are to be submitted, or in a dry run, Snakemake takes no job for a group's.
        workflow._executor_plugin = ExecutorPluginRegistry().get_plugin("dryrun")
        api_of_workflow.dag(DAGSettings(targets={target})).printrulegraph()  # makes the graph of jobs
        order = TopologicalSorter(workflow.dag.dependencies).static_order()
        position = {job: number for number, job in enumerate(job for job in order if not job.rule.norun)}
        jobs = [_planned(workflow, job, position) for job in position]
        files = {rule.name: _files(rule, configuration["results_dir"]) for rule in workflow.rules}
    return JobGraph(tuple(jobs), {name: found for name, found in files.items() if found})


def measured_configuration(base: str | Path, measured: str | Path) -> dict[str, Any]:
    """The configuration of the run whose times are taken: the file `measured` laid over the file `base`."""
    configuration = load_configfile(base)
    update_config(configuration, load_configfile(measured))
    return dict(configuration)


def _planned(workflow: Any, job: Any, position: Mapping[Any, int]) -> Job:
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


def _files(rule: Any, results_dir: str) -> RuleFiles | None:
    """None of a rule without a benchmark."""
    if not rule.benchmark:
        return None
    patterns = [strip_wildcard_constraints(str(each)) for each in (rule.benchmark, *rule.log[:1])]
    return RuleFiles(*(each.removeprefix(f"{results_dir}/") for each in patterns))
