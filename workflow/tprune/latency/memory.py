"""Peak memory of one model: a process of its own loads it and translates.

Run as `python -m tprune.latency.memory` it reads one JSON request from stdin and prints bytes.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tprune.errors import TPruneError
from tprune.latency.ctranslate2_engine import CTranslate2Engine
from tprune.latency.job import Artefact
from tprune.latency.protocol import Sentence


def peak_memory(artefact: Artefact, sentences: Sequence[Sentence], beam: int, threads: int) -> int:
    """Bytes that loading the model and translating `sentences` add to a process that holds the engine.

    The difference of the process' high-water marks (VmHWM of Linux) before the model is loaded and after
    the last sentence. TPruneError when the process fails.
    """
    request = {
        "directory": str(artefact.directory),
        "dtype": artefact.candidate.dtype,
        "threads": threads,
        "beam": beam,
        "sentences": [[list(sentence.source), sentence.reference_length] for sentence in sentences],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tprune.latency.memory"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise TPruneError(
            f"{artefact.directory}: its memory cannot be measured: {done.stderr.strip()[-500:]}"
        )
    return int(done.stdout)


def high_water_mark(status: Path = Path("/proc/self/status")) -> int:
    """The largest resident size this process ever had, in bytes."""
    for line in status.read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise TPruneError(f"{status}: no VmHWM; peak memory can be measured on Linux only")


def _answer() -> None:
    request = json.load(sys.stdin)
    before = high_water_mark()
    engine = CTranslate2Engine(request["directory"], request["dtype"], request["threads"])
    for source, length in request["sentences"]:
        engine.translate(source, request["beam"], length)
    print(high_water_mark() - before)


if __name__ == "__main__":
    _answer()
