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
    if sys.platform == "linux":
        # Gloo would look this machine's name up, and not every machine's leads back to it.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    # With --standalone they meet at a port that the kernel picks: several trainings can run side by side.
    run_agent(["--standalone", "--nproc-per-node", arguments[0]], int(arguments[0]), arguments[1:])


def run_agent(options: list[str], processes: int, arguments: list[str]) -> None:
    """Run torchrun with `options`, its processes among `processes` in all fairseq-train with `arguments`.

    Exits with a message that names the first of its processes that ends badly.
    """
    os.environ[AGENT] = str(os.getpid())
    try:
        run.main([*options, "--max-restarts", "0", "--module", "tprune.training.worker", *arguments])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        how = failure.signal_name() if failure.exitcode < 0 else _text(failure.message)
        sys.exit(f"process {rank} of {processes} ended first, and the others with it: {how}")


def _text(message: str | dict[str, str]) -> str:
    return message["message"] if isinstance(message, dict) else message


if __name__ == "__main__":
    main(sys.argv[1:])
