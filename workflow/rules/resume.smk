# After a kill -9 Snakemake's lock and its marks of unfinished outputs stay behind, and the next call
# refuses to work. Here the next call goes on: when every process on record is gone, what the marks
# name is deleted, then the marks and the lock. An output may be whole all the same, from a script that
# outlived Snakemake, but without Snakemake's record of its params: later edits would not re-run it.

import base64
import os
import shutil
from pathlib import Path

from tprune.training.process import (
    is_elsewhere,
    read_processes,
    running,
    write_processes,
)

OWNERS = Path(".snakemake/tprune_owners")
MARKS = Path(".snakemake/incomplete")
LOCKS = Path(".snakemake/locks")


def files_under(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def owners_are_gone():
    """Whether runs are on record and none is alive; one on another machine may be."""
    records = list(OWNERS.glob("*.json"))
    owners = [owner for record in records for owner in read_processes(record)]
    return bool(records) and not any(
        is_elsewhere(owner) or running(owner) for owner in owners
    )


def delete_marked_output(mark):
    """A mark's name is the output's path in base64, a long one cut into folders: @PART/@PART/REST."""
    encoded = "".join(
        part.removeprefix("@") for part in mark.relative_to(MARKS).parts
    ).encode()
    try:
        decoded = base64.urlsafe_b64decode(encoded)
        output = Path(decoded.decode())
    except ValueError:
        return
    if base64.urlsafe_b64encode(decoded) != encoded:
        return
    # Earlier samples of a device that was being timed again: written whole or not at all, they stay.
    if output.name in ("samples.csv", "signature.json"):
        return
    if output.is_dir() and not output.is_symlink():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)


def put_on_record():
    """To be called when a run starts: the next call sees by it whether this one is alive."""
    write_processes(OWNERS / f"{os.getpid()}.json", [os.getpid()])


# Not in a cluster's job, which reads this file too, maybe after its Snakemake was killed: it has a mark itself.
if workflow.is_main_process and owners_are_gone():
    for mark in files_under(MARKS):
        delete_marked_output(mark)
        mark.unlink(missing_ok=True)
    for left in (*files_under(LOCKS), *files_under(OWNERS)):
        left.unlink(missing_ok=True)
