"""Generations of a training state: who may write where.

Whoever takes a training over writes in a folder of its own, so that a predecessor that was only suspended
can damage nothing when it wakes. The folders of one state are a chain, and its end is the owner:

    0001-first/owner-A.json    A, the first; A is a token that no other owner ever has
    0002-A/owner-B.json        B came after A

A generation appears whole, by renaming a prepared folder to a name that only one successor of A can take:
a folder that is not empty cannot be renamed over. That is atomic on shared filesystems too, and needs
neither flock nor clocks that agree.
"""

import errno
import json
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tprune.training.process import ProcessIdentity, identities, read_processes

_FIRST = "0001-first"
_ANOTHER_WAS_FASTER = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ESTALE)


@dataclass(frozen=True)
class Generation:
    """One link of the chain: its folder, and the token of its owner, empty where none is named."""

    folder: Path
    token: str

    @classmethod
    def read(cls, folder: Path) -> "Generation":
        """The generation in `folder`, which may have been left without an owner."""
        owners = sorted(folder.glob("owner-*.json"))
        return cls.of_owner(owners[0]) if owners else cls(folder, "")

    @classmethod
    def of_owner(cls, owner_file: Path) -> "Generation":
        """The generation of that owner, whoever else may have come into its folder since."""
        return cls(owner_file.parent, owner_file.stem.removeprefix("owner-"))

    @property
    def owner_file(self) -> Path:
        """The record of the owner's processes."""
        return self.folder / f"owner-{self.token}.json"

    @property
    def heartbeat_file(self) -> Path:
        """What the owner changes all the time while it lives."""
        return self.folder / "heartbeat"

    @property
    def request_file(self) -> Path:
        """Where a newcomer asks the owner to hand over."""
        return self.folder / "handover.json"

    @property
    def released_file(self) -> Path:
        """There when the owner trains no more."""
        return self.folder / "released"

    @property
    def successor(self) -> Path:
        """The folder of the generation after this one."""
        number = int(self.folder.name.split("-")[0]) + 1
        return self.folder.with_name(f"{number:04d}-{self.token or 'nobody'}")

    def is_current(self) -> bool:
        """Whether its owner may still write."""
        return self.owner_file.exists() and not self.successor.exists()

    def is_free(self) -> bool:
        """Whether nobody trains in it: the owner is done, or a straggler made the folder anew."""
        return not self.token or self.released_file.exists()

    def owners(self) -> list[ProcessIdentity]:
        """The processes that train in it; none where the record is damaged."""
        return read_processes(self.owner_file)

    def record(self, pids: Iterable[int]) -> None:
        """Write the owner's processes of this machine."""
        put(self.owner_file, json.dumps(identities(pids)))

    def pulse(self) -> tuple[str, str]:
        """What differs from one heartbeat to the next."""
        try:
            return self.token, self.heartbeat_file.read_text(encoding="utf-8")
        except OSError:
            return self.token, ""


def put(path: Path, text: str) -> None:
    """Write `text` atomically into a folder that exists; one that was removed is not made again."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def chain(state: Path) -> list[Generation]:
    """The generations of a state, first to last; none when nobody ever trained there."""
    found: list[Generation] = []
    folder = state / _FIRST
    while folder.is_dir():
        found.append(Generation.read(folder))
        folder = found[-1].successor
    return found


def claim(state: Path, after: Generation | None, pids: Iterable[int]) -> Generation | None:
    """Become the owner after `after`, or the first; None where another was faster, or the state is gone.

    Raises OSError where the folder cannot be written.
    """
    token = secrets.token_hex(8)
    prepared = state / f".{token}.partial"
    made = Generation(after.successor if after is not None else state / _FIRST, token)
    try:
        prepared.mkdir(parents=True)
        Generation(prepared, token).record(pids)
        prepared.rename(made.folder)
    except OSError as error:
        shutil.rmtree(prepared, ignore_errors=True)
        if error.errno not in _ANOTHER_WAS_FASTER:
            raise
    if not made.owner_file.exists():  # asked of the disk: over a network, a rename may be done and yet fail
        return None
    if after is not None and Generation.read(after.folder) != after:
        # The state was finished and removed in the meantime, perhaps begun anew by another.
        shutil.rmtree(made.folder, ignore_errors=True)
        return None
    return made
