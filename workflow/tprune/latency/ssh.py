"""The device kind "ssh": a Linux board.

In the board's ~/.cache/tprune-board, all of which goes at the end unless `devices.keep`:

    engines/NAME-VERSION-pyXY/   the engine, installed by the board's own pip
    models/DIGEST/               the models
    run/                         measure.pyz, job.json and the result; always goes

What is kept is used by the next measurement. A folder gets its name when it is whole.
"""

import hashlib
import logging
import shlex
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency import zipapp
from tprune.latency.access import Access
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
        python = install_engine(client, board, job.engine)
        push(client, board, job, Path(folder))
        for line in client.lines(client.watched(f"cd run && exec {python} measure.pyz job.json output")):
            logger.info("%s: %s", client.host, line)
        pull(client, job, Path(folder))
        return read_result(folder, job)


def ask(client: SshClient, engine: str) -> Board:
    """Ask the board what it has."""
    module = f"import {engine} as engine; print(engine.__version__)"
    values = client.run(
        "uname -m; "
        "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])' 2>/dev/null || echo; "
        "python3 -m pip --version 2>/dev/null || echo; "
        f"python3 -c '{module}' 2>/dev/null || echo; "
        f'df -Pk "$HOME/{ROOT}" | tail -n 1'
    ).splitlines()
    try:
        machine, python, pip, has_engine, free = (value.strip() for value in values)
        return Board(machine, python, pip, has_engine, int(free.split()[-3]) * 1024)
    except (ValueError, IndexError) as error:
        raise TPruneError(f"{client.host}: its answer is not understood: {values}; is it Linux?") from error


def install_engine(client: SshClient, board: Board, engine: str) -> str:
    """See to it that the board has the engine in this machine's version; return the command of its Python."""
    wanted = version(engine)
    if not board.has_python or not (board.pip or board.engine == wanted):
        found = f"python3 is {board.python or 'absent'}, pip is {'there' if board.pip else 'absent'}"
        raise TPruneError(
            f"{client.host}: needs Python {_OLDEST} or newer with pip ({found}); install them there, as with "
            "`sudo apt install python3-pip`"
        )
    if board.engine == wanted:
        return "python3 -u"
    folder = f"{ROOT}/engines/{engine}-{wanted}-py{board.python}"
    if client.run(f'[ -d "$HOME/{folder}" ] && echo there || true').strip() != "there":
        if board.free_bytes < ENGINE_BYTES:
            raise TPruneError(
                f"{client.host}: {board.free_bytes / 1e6:.0f} MB free in its ~/{ROOT}, the engine needs "
                f"{ENGINE_BYTES / 1e6:.0f}; make room"
            )
        logger.info("%s: installing %s %s, which may take minutes", client.host, engine, wanted)
        pip = "python3 -m pip install --quiet --no-input --disable-pip-version-check --only-binary :all:"
        try:
            client.run(client.watched(f"exec {pip} --target run/engine {engine}=={wanted}"))
        except TPruneError as error:
            raise TPruneError(
                f"{error}. Is the board's network well? One may also install {engine} {wanted} there, "
                "for its python3"
            ) from error
        client.run(f'cd "$HOME/{ROOT}" && mkdir -p engines && mv run/engine "$HOME/{folder}"')
    return f'env PYTHONPATH="$HOME/{folder}" python3 -u'


def push(client: SshClient, board: Board, job: Job, folder: Path) -> None:
    """Copy measure.pyz, the job and the models that the board does not have; each file is checked there."""
    models = {digest(artefact.directory): artefact for artefact in job.artefacts}
    there = client.run(f'ls "$HOME/{ROOT}/models" 2>/dev/null || true').split()
    missing = {name: artefact for name, artefact in models.items() if name not in there}
    size = sum(path.stat().st_size for artefact in missing.values() for path in _files(artefact.directory))
    if board.free_bytes < 2 * size:
        raise TPruneError(
            f"{client.host}: {board.free_bytes / 1e6:.0f} MB free in its ~/{ROOT}, models and working room "
            f"need {2 * size / 1e6:.0f}; make room"
        )
    logger.info("%s: copying %d of %d models, %.1f MB", client.host, len(missing), len(models), size / 1e6)
    # As it will lie on the board, so that the job's relative paths are right there.
    placed = [
        replace(artefact, directory=folder / "models" / digest(artefact.directory))
        for artefact in job.artefacts
    ]
    (folder / "run").mkdir()
    replace(job, artefacts=tuple(placed)).write(folder / "run/job.json")
    zipapp.build(folder / "run/measure.pyz")
    files = {f"run/{path.name}": path for path in _files(folder / "run")}
    for name, artefact in missing.items():
        files |= {f"run/models/{name}/{path.name}": path for path in _files(artefact.directory)}
    with tempfile.TemporaryFile() as archive:
        _pack(files, archive)
        archive.seek(0)
        client.run(f'cd "$HOME/{ROOT}" && tar -xf -', archive)
    sums = "".join(f"{_sha256(path)}  {name}\n" for name, path in files.items())
    client.run(f'cd "$HOME/{ROOT}" && sha256sum -c - > /dev/null', sums.encode())
    if missing:
        client.run(f'cd "$HOME/{ROOT}" && mkdir -p models && mv run/models/* models/')


def pull(client: SshClient, job: Job, folder: Path) -> None:
    """Fetch what the board measured; no more bytes than the job can have."""
    for name in ("samples.csv", "signature.json"):
        most = largest_result(job) + 1
        text = client.run(f'head -c {most} "$HOME/{ROOT}/run/output/"{shlex.quote(name)}')
        (folder / name).write_text(text, encoding="utf-8", newline="")


def digest(directory: Path) -> str:
    """What names a model's folder on a board: a checksum of its files."""
    sums = "".join(f"{path.name} {_sha256(path)}\n" for path in _files(directory))
    return hashlib.sha256(sums.encode()).hexdigest()[:16]


def _files(directory: Path) -> Sequence[Path]:
    return sorted(path for path in directory.iterdir() if path.is_file() and path.name[0] != ".")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(files: Mapping[str, Path], archive: Any) -> None:
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, path in files.items():
            tar.add(path, name)
