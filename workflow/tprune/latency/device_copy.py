"""A model as it is copied to a board or a phone: which files, and the name that stands for their content."""

import hashlib
from pathlib import Path

from tprune.latency.bundle import file_sha256


def files_of(directory: Path) -> list[Path]:
    """The files of a folder that are copied, by name: all but hidden ones."""
    return sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))


def content_name(directory: Path) -> str:
    """What names the folder on the device: a checksum of its files' names and contents."""
    sums = "".join(f"{path.name} {file_sha256(path)}\n" for path in files_of(directory))
    return hashlib.sha256(sums.encode()).hexdigest()[:16]
