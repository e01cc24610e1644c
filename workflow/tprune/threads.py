"""Holding a process to the cores that its job was given."""

import os
import sys

from threadpoolctl import threadpool_limits

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def thread_variables(count: int) -> dict[str, str]:
    """Environment variables by which a process that is started computes on `count` threads.

    All of them: PyTorch takes the number for MKL before OpenMP's.
    """
    return dict.fromkeys(_VARIABLES, str(count))


def limit_threads(count: int) -> None:
    """Let the libraries in this process, and in those it starts, compute on `count` threads each.

    NumPy's, SciPy's and PyTorch's otherwise take every core they see, which on a cluster that does not bind
    jobs to cores are other jobs' too. CTranslate2 is given its number of threads with each model.
    """
    os.environ.update(thread_variables(count))  # what is loaded later reads these
    threadpool_limits(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
