"""Key `plan`: the cost of the run, foretold before it is submitted."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, Section


class StatusChecks(Section):
    """When Snakemake asks a cluster which jobs have ended, so that what waits for them starts."""

    first: Annotated[float, Field(gt=0)] = Field(
        default=2,
        description="Seconds after jobs were seen to end: `slurm-init-seconds-before-status-checks` of the "
        "profile; for another than Slurm `seconds-between-status-checks`.",
    )
    step: Annotated[float, Field(ge=0)] = Field(
        default=10, description="As many seconds more each time that none had ended: 10 with Slurm, else 0."
    )
    longest: Annotated[float, Field(gt=0)] = Field(
        default=180, description="Seconds between two at most: 180 with Slurm."
    )


class Plan(Section):
    """What the target `plan` foretells, and from which run's times."""

    target: Literal["all", "rivals"] = Field(default="all", description="The target that is planned.")
    measured: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Configuration file of a finished smaller run: the benchmarks in its `results_dir` give "
        "the times; `null`: this configuration's own.",
    )
    nodes: Annotated[list[Count], Field(min_length=1), Distinct] = Field(
        default=[1, 4, 16, 64], description="Numbers of nodes to plan for."
    )
    cores_per_node: Count | None = Field(
        default=None, description="Cores of a node; `null`: as many as this machine has."
    )
    submitted: bool = Field(
        default=True,
        description="`true`: jobs go to a cluster, those of a group as one; `false`: Snakemake runs each "
        "by itself, as it does on one machine.",
    )
    seconds_per_job: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="What starting a job takes before its own time begins, in seconds, on a cluster the wait "
        "and the allocation too; `null`: as between the jobs of the measured run.",
    )
    jobs: Count = Field(
        default=100,
        description="Jobs that are on the cluster at once at most: `jobs` of the profile, or `--jobs`.",
    )
    status_checks: StatusChecks = Field(
        default_factory=StatusChecks, description="When the cluster is asked which jobs have ended."
    )
