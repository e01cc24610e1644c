"""measure.pyz: the measuring script as one file that a device's python3 runs, nothing installed.

A zip of the few modules of this package that need no more than the standard library (and the engine).
Equal sources give an equal file, so that its checksum says whether a device has it already.
"""

import zipfile
from pathlib import Path

import tprune
from tprune.atomic import atomic_path

PYTHON = (3, 10)  # what the modules below are written for, at least
MODULES = (
    "__init__",
    "atomic",
    "errors",
    "latency/__init__",
    "latency/contention",
    "latency/ctranslate2_engine",
    "latency/frequency",
    "latency/job",
    "latency/onnxruntime_engine",
    "latency/pinning",
    "latency/protocol",
    "latency/run_job",
    "latency/signature",
)
_MAIN = "from tprune.latency.run_job import main\n\nmain()\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(path: str | Path) -> None:
    """Write measure.pyz to `path`, atomically."""
    root = Path(tprune.__file__).parent
    with atomic_path(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        _add(archive, "__main__.py", _MAIN)
        for module in MODULES:
            _add(archive, f"tprune/{module}.py", (root / f"{module}.py").read_text(encoding="utf-8"))


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
