"""A job computes on the threads it was given, not on all that it sees."""

import os
import subprocess
import sys

import pytest

from tprune.threads import thread_variables

PROBE = """
import numpy
{before}
from tprune.threads import limit_threads
limit_threads(1)
import torch
from threadpoolctl import threadpool_info
torch.ones(400, 400) @ torch.ones(400, 400)
numpy.ones((400, 400)) @ numpy.ones((400, 400))
print(torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info()))
"""


def without_limits() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}


@pytest.mark.parametrize("before", ["import torch", ""], ids=["torch loaded before", "torch loaded after"])
def test_every_library_takes_as_many(before: str) -> None:
    free = without_limits()
    argv = [sys.executable, "-c", PROBE.format(before=before)]
    printed = subprocess.run(argv, env=free, capture_output=True, text=True, check=True).stdout.split()
    assert len(printed) >= 2 and set(printed) == {"1"}


def test_a_process_can_be_given_fewer_than_the_one_that_starts_it() -> None:
    """As one of several that train a model in the threads of their job."""
    job = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    argv = [sys.executable, "-c", "import torch; print(torch.get_num_threads())"]
    given = {**os.environ, **job, **thread_variables(1)}
    printed = subprocess.run(argv, env=given, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "1"


def test_processes_started_later_take_as_many() -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    inner = "import torch; print(torch.get_num_threads())"
    code = f"from tprune.threads import limit_threads; limit_threads(1); {child.format(inner=inner)}"
    free = without_limits()
    printed = subprocess.run(
        [sys.executable, "-c", code], env=free, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "1"
