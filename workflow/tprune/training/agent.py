"""`python -m tprune.training.agent N ARGUMENTS`: torchrun, for N processes of fairseq-train on this machine.

torchrun ends all of them when one ends badly. A process of its own, so that they end with it, too.
"""

import os
import sys

from torch.distributed import run
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

AGENT = "TPRUNE_TRAINING_AGENT"
"""Environment variable that tells the processes the number of the one that started them."""


def main(arguments: list[str]) -> None:
    """Run fairseq-train with `arguments[1:]` in `arguments[0]` processes, to the end."""
    os.environ[AGENT] = str(os.getpid())
    if sys.platform == "linux":
        # Gloo would look this machine's name up, and not every machine's leads back to it.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    # With --standalone they meet at a port that the kernel picks: several trainings can run side by side.
    options = ["--standalone", "--nproc-per-node", arguments[0], "--max-restarts", "0"]
    try:
        run.main([*options, "--module", "tprune.training.worker", *arguments[1:]])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        how = failure.signal_name() if failure.exitcode < 0 else _text(failure.message)
        sys.exit(f"process {rank} of {arguments[0]} ended first, and the others with it: {how}")


def _text(message: str | dict[str, str]) -> str:
    return message["message"] if isinstance(message, dict) else message


if __name__ == "__main__":
    main(sys.argv[1:])
