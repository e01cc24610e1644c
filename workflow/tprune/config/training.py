"""Key `training`: what all stages that train have in common."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tprune.config.section import Count, Norm, Probability, Section

RESERVED_ARGUMENTS = (
    "--arch",
    "--criterion",
    "--ddp-backend",
    "--device-id",
    "--distributed-backend",
    "--distributed-init-method",
    "--distributed-no-spawn",
    "--distributed-rank",
    "--distributed-world-size",
    "--max-update",
    "--no-save",
    "--restore-file",
    "--save-dir",
    "--seed",
    "--source-lang",
    "--target-lang",
    "--task",
    "--user-dir",
)
"""Arguments of fairseq-train that the workflow sets itself: another value would break resuming."""


def _free(arguments: list[str]) -> list[str]:
    reserved = [argument for argument in arguments if argument.split("=")[0] in RESERVED_ARGUMENTS]
    if reserved:
        raise ValueError(f"take out {', '.join(reserved)}: set by the workflow itself")
    return arguments


class Training(Section):
    """Settings of fairseq-train shared by baseline, bssl, shs, prune and scratch."""

    threads: Count = Field(
        default=1,
        description="Cores of one job of a sweep (bssl, shs, prune), for each of its `processes`; as many "
        "jobs as fit run side by side.",
    )
    processes: Count = Field(
        default=1,
        description="Processes that train a model together, data parallel (torchrun), all `nodes`' counted: "
        "one for each GPU, or each with `threads` cores. They divide `max_tokens` among them, which must go "
        "without remainder.",
    )
    nodes: Count = Field(
        default=1,
        description="Nodes of a cluster that the `processes` of one training are spread over, as many on "
        "each; more than one needs the profile `slurm`.",
    )
    gpus: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="GPUs that a cluster is asked for, per job that trains: none, or as many as `processes`.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="`auto` takes bfloat16 where the device computes it natively and float32 elsewhere.",
    )
    max_tokens: int = Field(
        default=1024,
        ge=64,
        description="Tokens of one batch on its longer side, padding included; of all `processes` together.",
    )
    label_smoothing: Probability = Field(
        default=0.1, description="Probability spread over the other pieces in the loss."
    )
    clip_norm: Norm = Field(default=1.0, description="Largest norm of the gradient; 0: no clipping.")
    checkpoint_interval: Count = Field(
        default=200, description="Updates between checkpoints; a killed job resumes from its last one."
    )
    log_interval: Count = Field(default=20, description="Updates between progress lines.")
    extra_arguments: Annotated[list[str], AfterValidator(_free)] = Field(
        default=[], description="Further arguments for fairseq-train, each word a list item."
    )
