"""Key `plan`: the cost of the run, foretold before it is submitted."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, Section


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
    seconds_until_seen: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="Seconds from a job's end until Snakemake, which asks a cluster now and then, sees it "
        "and starts what waits for it; `null`: as in the measured run.",
    )
    jobs: Count = Field(
        default=100,
        description="Jobs that are on the cluster at once at most: `jobs` of the profile, or `--jobs`.",
    )
