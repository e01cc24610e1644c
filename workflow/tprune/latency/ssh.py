"""The device kind "ssh": a Linux board.

In the board's ~/.cache/tprune-board, all of which goes at the end unless `devices.keep`:

    engines/NAME-VERSION-pyXY/   the engine, installed by the board's own pip; or
    engines/bundle-DIGEST/       the aarch64 bundle, on a board without Python and pip
    models/DIGEST/               the models
    run/                         measure.pyz, job.json and the result; always goes

What is kept is used by the next measurement. A folder gets its name when it is whole.
"""

import logging
import shlex
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency import zipapp
from tprune.latency.access import Access
from tprune.latency.bundle import ARCHITECTURE, Bundle, file_sha256, python_argv
from tprune.latency.device_copy import content_name, files_of
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.result import largest_result, read_result
from tprune.latency.ssh_client import SshClient

logger = logging.getLogger(__name__)

ROOT = ".cache/tprune-board"
ENGINE_BYTES = 400_000_000  # an engine with what it needs, installed
_OLDEST = ".".join(map(str, zipapp.PYTHON))


@dataclass(frozen=True)
class Board:
    """What a board says of itself; what it does not have is ""."""

    home: str
    machine: str
    python: str
    pip: str
    engine: str
    free_bytes: int

    @property
    def has_python(self) -> bool:
        """Whether its python3 can run measure.pyz."""
        return tuple(map(int, self.python.split(".") if self.python else ())) >= zipapp.PYTHON


def measure(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Time the job's models on the board at `device.address`; return all samples and the signature.

    TPruneError says what to check where it cannot be reached, is lost, or lacks something.
    """
    client = SshClient(device.address, access.ssh_config, access.connect_timeout, ROOT, access.keep)
    with client, tempfile.TemporaryDirectory() as folder:
        board = ask(client, job.engine)
        logger.info("%s: %s, Python %s", client.host, board.machine, board.python or "none")
        python = find_python(client, board, job.engine, access)
        push(client, board, job, Path(folder))
        for line in client.lines(client.watched(f"cd run && exec {python} measure.pyz job.json output")):
            logger.info("%s: %s", client.host, line)
        pull(client, job, Path(folder))
        return read_result(folder, job)


def ask(client: SshClient, engine: str) -> Board:
    """Ask the board what it has."""
    module = f"import {engine} as engine; print(engine.__version__)"
    values = client.run(
        'cd "$HOME" && pwd; uname -m; '
        "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])' 2>/dev/null || echo; "
        "python3 -m pip --version 2>/dev/null || echo; "
        f"python3 -c '{module}' 2>/dev/null || echo; "
        f'df -Pk "$HOME/{ROOT}" | tail -n 1'
    ).splitlines()
    try:
        home, machine, python, pip, has_engine, free = (value.strip() for value in values)
        return Board(home, machine, python, pip, has_engine, int(free.split()[-3]) * 1024)
    except (ValueError, IndexError) as error:
        raise TPruneError(f"{client.host}: its answer is not understood: {values}; is it Linux?") from error


def find_python(client: SshClient, board: Board, engine: str, access: Access) -> str:
    """See to it that the board can run the engine; return the command of the Python that can.

    The board's own python3, with this machine's version of the engine; or the aarch64 bundle's.
    """
    wanted = version(engine)
    if board.has_python and board.engine == wanted:
        return "python3 -u"
    if board.has_python and board.pip:
        return f"env PYTHONPATH={shlex.quote(install_engine(client, board, engine, wanted))} python3 -u"
    if board.machine == ARCHITECTURE and engine == "ctranslate2":
        return shlex.join([*python_argv(install_bundle(client, board, access)), "-u"])
    found = f"python3 is {board.python or 'absent'}, pip is {'there' if board.pip else 'absent'}"
    raise TPruneError(
        f"{client.host}: needs Python {_OLDEST} or newer with pip ({found}); install them there, as with "
        "`sudo apt install python3-pip`"
    )


def install_engine(client: SshClient, board: Board, engine: str, wanted: str) -> str:
    """Let the board's pip install the engine unless that was done; return the folder."""
    folder = f"{board.home}/{ROOT}/engines/{engine}-{wanted}-py{board.python}"
    if _is_there(client, folder):
        return folder
    _check_space(client, board, ENGINE_BYTES, "the engine")
    logger.info("%s: installing %s %s, which may take minutes", client.host, engine, wanted)
    pip = "python3 -m pip install --quiet --no-input --disable-pip-version-check --only-binary :all:"
    try:
        client.run(client.watched(f"exec {pip} --target run/engine {engine}=={wanted}"))
    except TPruneError as error:
        raise TPruneError(
            f"{error}. Is the board's network well? One may also install {engine} {wanted} there, "
            "for its python3"
        ) from error
    _place(client, folder)
    return folder


def install_bundle(client: SshClient, board: Board, access: Access) -> str:
    """Copy the aarch64 bundle unless it is there; return its folder."""
    archive = Path(access.board_bundle)
    if not archive.exists():
        raise TPruneError(
            f"{client.host} has no Python {_OLDEST} with pip, and {archive} is not there yet: run `snakemake "
            "--cores 1 bundle` once, then this rule again"
        )
    bundle = Bundle.read(archive)
    folder = f"{board.home}/{ROOT}/engines/{bundle.folder_name}"
    if _is_there(client, folder):
        return folder
    _check_space(client, board, bundle.archive_bytes + bundle.unpacked_bytes, "the bundle")
    logger.info("%s: copying the bundle, %.0f MB", client.host, bundle.archive_bytes / 1e6)
    run = f'cd "$HOME/{ROOT}/run" && '
    with archive.open("rb") as file:
        client.run(f"{run}cat > bundle.tar.gz", file)
    client.run(f"{run}sha256sum -c - > /dev/null", f"{bundle.sha256}  bundle.tar.gz\n".encode())
    client.run(f"{run}mkdir engine && tar -xzf bundle.tar.gz -C engine && rm bundle.tar.gz")
    _place(client, folder)
    return folder


def push(client: SshClient, board: Board, job: Job, folder: Path) -> None:
    """Copy measure.pyz, the job and the models that the board does not have; each file is checked there."""
    models = {content_name(artefact.directory): artefact for artefact in job.artefacts}
    there = client.run(f'ls "$HOME/{ROOT}/models" 2>/dev/null || true').split()
    missing = {name: artefact for name, artefact in models.items() if name not in there}
    size = sum(path.stat().st_size for artefact in missing.values() for path in files_of(artefact.directory))
    _check_space(client, board, 2 * size, "models and working room")
    logger.info("%s: copying %d of %d models, %.1f MB", client.host, len(missing), len(models), size / 1e6)
    # As it will lie on the board, so that the job's relative paths are right there.
    placed = [
        replace(artefact, directory=folder / "models" / content_name(artefact.directory))
        for artefact in job.artefacts
    ]
    (folder / "run").mkdir()
    replace(job, artefacts=tuple(placed)).write(folder / "run/job.json")
    zipapp.build(folder / "run/measure.pyz")
    files = {f"run/{path.name}": path for path in files_of(folder / "run")}
    for name, artefact in missing.items():
        files |= {f"run/models/{name}/{path.name}": path for path in files_of(artefact.directory)}
    with tempfile.TemporaryFile() as archive:
        _pack(files, archive)
        archive.seek(0)
        client.run(f'cd "$HOME/{ROOT}" && tar -xf -', archive)
    sums = "".join(f"{file_sha256(path)}  {name}\n" for name, path in files.items())
    client.run(f'cd "$HOME/{ROOT}" && sha256sum -c - > /dev/null', sums.encode())
    if missing:
        client.run(f'cd "$HOME/{ROOT}" && mkdir -p models && mv run/models/* models/')


def pull(client: SshClient, job: Job, folder: Path) -> None:
    """Fetch what the board measured; no more bytes than the job can have."""
    for name in ("samples.csv", "signature.json"):
        most = largest_result(job) + 1
        text = client.run(f'head -c {most} "$HOME/{ROOT}/run/output/"{shlex.quote(name)}')
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _is_there(client: SshClient, folder: str) -> bool:
    return client.run(f"[ -d {shlex.quote(folder)} ] && echo there || true").strip() == "there"


def _place(client: SshClient, folder: str) -> None:
    """Give what lies whole in run/engine its name."""
    client.run(f'cd "$HOME/{ROOT}" && mkdir -p engines && mv run/engine {shlex.quote(folder)}')


def _check_space(client: SshClient, board: Board, needed: float, what: str) -> None:
    if board.free_bytes < needed:
        raise TPruneError(
            f"{client.host}: {board.free_bytes / 1e6:.0f} MB free in its ~/{ROOT}, {what} may take "
            f"{needed / 1e6:.0f}; make room"
        )


def _pack(files: Mapping[str, Path], archive: Any) -> None:
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, path in files.items():
            tar.add(path, name)
