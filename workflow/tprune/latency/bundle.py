"""The aarch64 bundle: Python and CTranslate2 in one folder that needs nothing of the device.

Loader, glibc, libstdc++, Python and CTranslate2 lie together, and the bundle's own loader starts Python with
the bundle's own libraries: no root, no chroot, no installation. So it runs on Android (whose C library is
another one) under /data/local/tmp, and on a board without Python.

    archive   bundle.tar.gz, unpacked on the device
    manifest  bundle.json beside it: checksums, sizes, every package it was made from

`tprune.latency.bundle_packages` fetches the packages, `tprune.latency.bundle_archive` puts them together.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tprune.errors import TPruneError

ARCHITECTURE = "aarch64"
MANIFEST = "bundle.json"
LOADER = "lib/ld-linux-aarch64.so.1"
PYTHON = "bin/python3"


@dataclass(frozen=True)
class Bundle:
    """A bundle on this machine; sizes in bytes."""

    archive: Path
    sha256: str
    archive_bytes: int
    unpacked_bytes: int
    python: str
    ctranslate2: str

    @property
    def folder_name(self) -> str:
        """Name of the folder that it is unpacked into on a device: another bundle has another name."""
        return f"bundle-{self.sha256[:16]}"

    @classmethod
    def read(cls, archive: str | Path) -> "Bundle":
        """Read the manifest beside `archive` and check the archive against it.

        Raises:
            TPruneError: a file is missing, unreadable, or not the one that the manifest describes.
        """
        archive = Path(archive)
        manifest = archive.with_name(MANIFEST)
        try:
            content = json.loads(manifest.read_text(encoding="utf-8"))
            bundle = cls(
                archive,
                content["sha256"],
                content["archive_bytes"],
                content["unpacked_bytes"],
                content["python"],
                content["ctranslate2"],
            )
            found = file_sha256(archive)
        except (OSError, ValueError, KeyError) as error:
            raise TPruneError(
                f"{manifest}: no bundle there ({error!r}); delete {archive.parent} and make it again"
            ) from error
        if found != bundle.sha256:
            raise TPruneError(
                f"{archive}: SHA-256 {found}, but {manifest} says {bundle.sha256}: "
                f"delete {archive.parent} and make it again"
            )
        return bundle


def python_argv(folder: str) -> list[str]:
    """The command that starts the Python of the bundle unpacked at `folder`, a path on the device.

    Isolated (-I): neither the device's PYTHONPATH nor its site-packages reach it.
    """
    loader = [f"{folder}/{LOADER}", "--inhibit-cache", "--library-path", f"{folder}/lib"]
    return [*loader, f"{folder}/{PYTHON}", "-I", "-X", "utf8"]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
