"""A process that owns a state and trains in it, for the tests to kill, suspend and race.

python -m tests.unit.training.owner_program STATE PROBE SECONDS ROUNDS BEAT SILENCE
"""

import logging
import subprocess
import sys
from pathlib import Path

from tprune.errors import TPruneError
from tprune.training.owner import Patience, held
from tprune.training.process import ends_with_parent

# Like fairseq-train it makes its folder where it is missing, and writes checkpoints. PROBE is locked while
# it runs: two at once are seen there.
TRAINING = """
import fcntl, os, sys, time
folder, probe, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
lock = open(probe, "a")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("two at once", flush=True)
end, count = time.monotonic() + seconds, 0
while time.monotonic() < end:
    os.makedirs(folder, exist_ok=True)
    count += 1
    with open(f"{folder}/checkpoint_1_{count}.pt", "w") as file:
        file.write(folder)
    time.sleep(0.01)
"""


def train(state: Path, probe: str, seconds: str, patience: Patience) -> None:
    with held(state, patience) as ownership:
        print("owns", ownership.folder.name, flush=True)
        argv = [sys.executable, "-I", "-S", "-c", TRAINING, str(ownership.folder), probe, seconds]
        with subprocess.Popen(
            argv, stdout=subprocess.PIPE, text=True, preexec_fn=ends_with_parent()
        ) as training:
            try:
                ownership.guard(training)
                assert training.stdout is not None
                for line in training.stdout:
                    print(line, end="", flush=True)
            except BaseException:
                training.kill()
                raise
        ownership.check()
        ownership.finish()
        print("finished", flush=True)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for _ in range(int(sys.argv[4])):
        try:
            train(Path(sys.argv[1]), *sys.argv[2:4], Patience(float(sys.argv[5]), float(sys.argv[6])))
        except TPruneError as error:
            print("stopped:", error, flush=True)
