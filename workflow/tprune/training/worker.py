"""One of several processes that train a model together: fairseq-train with what torchrun told it.

fairseq can read that itself, but only where there is a GPU.
"""

import os
import sys
from datetime import timedelta

import torch
from fairseq.distributed.utils import get_global_group
from fairseq_cli.train import cli_main
from torch.distributed.elastic.multiprocessing.errors import record

from tprune.training.agent import AGENT
from tprune.training.process import ends_with_parent

SILENCE = timedelta(minutes=10)
"""How long processes on other nodes wait for one that says nothing, as when its node lost power."""


def distributed_arguments(environment: dict[str, str]) -> list[str]:
    """fairseq-train's, from torchrun's variables: NCCL between GPUs, gloo between CPUs.

    `legacy_ddp` is fairseq's own data parallel wrapper. It averages the gradients after the backward pass,
    on either kind of device, and leaves the rest to fairseq's trainer. Every process reads the checkpoint:
    what the first would send to the others is a pickle that torch refuses.
    """
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    return [
        *("--distributed-world-size", environment["WORLD_SIZE"], "--distributed-rank", environment["RANK"]),
        *("--device-id", environment["LOCAL_RANK"], "--distributed-init-method", "env://"),
        *("--distributed-no-spawn", "--distributed-backend", backend, "--ddp-backend", "legacy_ddp"),
        "--load-checkpoint-on-all-dp-ranks",
    ]


def meet(environment: dict[str, str]) -> None:
    """Meet the processes on other nodes, for fairseq, which would wait for a lost one for half an hour."""
    if int(environment["GROUP_WORLD_SIZE"]) == 1:
        return
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    torch.distributed.init_process_group(backend, timeout=SILENCE)
    # Where fairseq keeps the group through which it averages gradients, and finds one that is there.
    setattr(get_global_group, "_global_group", torch.distributed.new_group(timeout=SILENCE))  # noqa: B010


@record
def main() -> None:
    """Train."""
    ask_kernel = ends_with_parent(int(os.environ[AGENT]))
    if ask_kernel is not None:
        ask_kernel()
    meet(dict(os.environ))
    sys.argv += distributed_arguments(dict(os.environ))
    cli_main()


if __name__ == "__main__":
    main()
