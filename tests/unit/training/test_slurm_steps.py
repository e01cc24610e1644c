"""What a step of a Slurm job is started with."""

from tprune.training.slurm import srun_command, step_environment


def test_a_step_is_told_nothing_of_what_this_process_was_given() -> None:
    ours = {"PATH": "/bin", "SLURM_JOB_ID": "7", "SLURM_CONF": "/etc/slurm.conf", "TPRUNE_HOST": "first"}
    given = {"SLURM_CPU_BIND": "quiet", "SLURM_MEM_PER_NODE": "500", "SLURM_NTASKS": "1", "SRUN_DEBUG": "3"}
    assert step_environment({**ours, **given}) == ours


def test_a_node_has_one_task_and_none_outlives_another() -> None:
    command = srun_command(3, 8)
    assert {"--nodes=3", "--ntasks=3", "--ntasks-per-node=1", "--cpus-per-task=8"} < set(command)
    assert {"--overlap", "--kill-on-bad-exit=1"} < set(command)
