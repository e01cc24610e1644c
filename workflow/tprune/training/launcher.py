"""`python -m tprune.training.launcher NODES PROCESSES CORES ARGUMENTS`: a training on nodes of a Slurm job.

Runs on the first node, beside the script, and has `srun` start an agent (node_agent.py) on every node, of
`PROCESSES` each and on `CORES` cores. The agents find each other through a store that this process keeps, so
that its port is one that the kernel picked and none can be taken in between; they end when the store is gone.
"""

import os
import subprocess
import sys

from torch.distributed import TCPStore

from tprune.training import node_agent
from tprune.training.process import ends_with_parent, host
from tprune.training.slurm import srun_command, step_environment


def main(arguments: list[str]) -> None:
    """Train to the end, or exit with what ended it."""
    nodes, processes, cores = (int(each) for each in arguments[:3])
    try:
        store = TCPStore(host(), 0, is_master=True, wait_for_workers=False)
    except RuntimeError as error:
        sys.exit(
            f"{host()}: the other nodes would look for this one by that name, and it cannot be reached by it "
            f"itself; set TPRUNE_HOST to one that they know ({error})"
        )
    argv = [*srun_command(nodes, cores), sys.executable, "-m", node_agent.__name__]
    argv += [str(nodes), str(processes), f"{host()}:{store.port}", *arguments[3:]]
    done = subprocess.run(
        argv,
        env=step_environment(dict(os.environ)),
        stdin=subprocess.DEVNULL,
        preexec_fn=ends_with_parent(),
    )
    if done.returncode:
        sys.exit(
            f"training on {nodes} nodes: one ended badly, and the others with it (srun: {done.returncode})"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
