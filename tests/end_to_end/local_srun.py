#!/usr/bin/env python3
"""In srun's place, where all nodes are this machine: `srun --OPTION=VALUE ... PROGRAM ARGUMENTS`.

Starts as many tasks as `--ntasks` says, and, with `--kill-on-bad-exit=1`, ends all when one ends badly.
"""

import os
import subprocess
import sys
import time

words = sys.argv[1:]
first = next(number for number, word in enumerate(words) if not word.startswith("--"))
options = dict(word[2:].partition("=")[::2] for word in words[:first])
tasks = [
    subprocess.Popen(words[first:], env={**os.environ, "SLURM_PROCID": str(number)})
    for number in range(int(options["ntasks"]))
]
while None in (codes := [task.poll() for task in tasks]):
    if any(codes) and options["kill-on-bad-exit"] == "1":
        for number, (task, code) in enumerate(zip(tasks, codes, strict=True)):
            print(f"srun: error: task {number}: {'terminated' if code is None else code}", flush=True)
            task.kill()
        break
    time.sleep(0.05)
sys.exit(max(abs(task.wait()) for task in tasks))
