"""Steps of the Slurm job that this process runs in."""

import os
import shutil

from tprune.errors import TPruneError

# Of Slurm's variables, those that name the job. The others say what the job, or the step that this process
# runs in, was given, and srun would take them for what is asked of the new step.
_OF_THE_JOB = ("SLURM_JOB_ID", "SLURM_JOBID", "SLURM_CLUSTER_NAME", "SLURM_CONF")


def need_slurm(nodes: int) -> None:
    """Raise TPruneError where a training cannot be spread over `nodes`: outside a Slurm job."""
    if nodes > 1 and not (os.environ.get("SLURM_JOB_ID") and shutil.which("srun")):
        raise TPruneError(
            f"training.nodes: found {nodes}, but this is no job of Slurm, which alone gives several "
            "nodes; run with --profile workflow/profiles/slurm, or set training.nodes to 1"
        )


def srun_command(nodes: int, cores: int) -> list[str]:
    """srun's part of the command line: one task per node, on so many `cores`; all end when one ends badly."""
    return [
        *("srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={cores}"),
        *("--overlap", "--kill-on-bad-exit=1", "--mpi=none"),
    ]


def step_environment(environment: dict[str, str]) -> dict[str, str]:
    """`environment` without what Slurm set for this process alone."""
    of_slurm = ("SLURM_", "SRUN_", "SBATCH_")
    return {
        name: value
        for name, value in environment.items()
        if name in _OF_THE_JOB or not name.startswith(of_slurm)
    }
