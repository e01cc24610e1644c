"""One training per state folder.

When Snakemake is killed, the script that trains and its fairseq-train can live on as orphans. A second
training must not write beside them: the newcomer ends them and goes on from their checkpoints.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tprune.errors import TPruneError
from tprune.training.process import is_elsewhere, read_processes, running, write_processes

logger = logging.getLogger(__name__)

_SECONDS_TO_END = 30


def owner_record(folder: Path) -> Path:
    """Where the processes that train in `folder` stand: beside it, so that it outlasts the folder."""
    return folder.with_name(f"{folder.name}.owner.json")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make `folder` this process's own for the block, which may remove it; whoever held it is ended."""
    take_over(folder)
    record_owner(folder)
    try:
        yield
    finally:
        owner_record(folder).unlink(missing_ok=True)


def take_over(folder: Path) -> None:
    """End a training that still runs in `folder`; one on another machine raises TPruneError."""
    record = owner_record(folder)
    owners = read_processes(record)
    for owner in owners:
        if is_elsewhere(owner):
            raise TPruneError(
                f"{record}: a training on {owner['host']} (process {owner['pid']}) holds this state; end it "
                f"there, then remove {record}"
            )
    for owner in reversed(owners):  # children stand after their parents
        process = running(owner)
        if process is None or process.pid == os.getpid():
            continue
        logger.warning("ending process %d, an orphan of an earlier run that still trains here", process.pid)
        try:
            process.kill()
            process.wait(_SECONDS_TO_END)
        except psutil.NoSuchProcess:
            continue


def record_owner(folder: Path, *children: int) -> None:
    """Say that this process and its children, process numbers, train in `folder`."""
    write_processes(owner_record(folder), [os.getpid(), *children])
