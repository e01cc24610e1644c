"""Kind ssh against a real sshd: through the workflow, and what goes wrong on the way."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
from board import Board

from tests.conftest import SMOKE, run_snakemake
from tprune.atomic import write_json
from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.bundle import LOADER, MANIFEST, file_sha256
from tprune.latency.job import Job
from tprune.latency.kinds import measure_device
from tprune.latency.ssh_client import SshClient
from tprune.tables.points import Point

DEVICE = Device("board", "ssh", "board", "ctranslate2", 1, (1,), ("int8",))
DENSE = [asdict(Point(name)) for name in ("baseline", "control")]


@pytest.fixture
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board whose python3 has the engine already."""
    made = Board(tmp_path_factory.mktemp("board"), Path(sys.executable))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def job(smoke_run: Path) -> Callable[..., Job]:
    """Makes a job of two models of the smoke run."""
    results = smoke_run / "results/smoke"

    def make(sentences: int) -> Job:
        folders = [
            results
            / "compact"
            / "/".join(f"{name}~{value}" for name, value in row.items())
            / "ctranslate2/int8"
            for row in DENSE
        ]
        return make_job(
            "ctranslate2",
            list_artefacts(DENSE, ["int8"], folders),
            results / "corpus/encoded/test.src",
            results / "corpus/encoded/test.tgt",
            Settings([1], 1, sentences, 2, 1),
        )

    return make


def access(board: Board, keep: bool = False) -> Access:
    return Access(keep=keep, connect_timeout=5, ssh_config=board.configuration)


def configure(folder: Path, board: Board, cool_down: float = 0.0, sentences: int = 4) -> list[str]:
    """Write the test's configuration into a run's folder; the arguments that let Snakemake find it."""
    devices = {"ssh_config": board.configuration, "cool_down": cool_down}
    override = {"devices": devices, "latency": {"sentences": sentences}}
    (folder / "board.yaml").write_text(json.dumps(override), encoding="utf-8")
    return ["--cores", "2", *SMOKE, "board.yaml"]


def test_a_board_is_measured_lost_and_measured_again(smoke_copy: Path, board: Board) -> None:
    with (smoke_copy / "config/devices.tsv").open("a", encoding="utf-8") as sheet:
        sheet.write("board\tssh\tboard\t\t\t1,2\tint8\ta test's\n")
    arguments = configure(smoke_copy, board)
    folder = smoke_copy / "results/smoke/latency"
    local = (folder / "local/samples.csv").read_bytes()

    printed = run_snakemake(smoke_copy, "latency_board", *arguments)
    samples = pd.read_csv(folder / "board/samples.csv")
    assert len(samples) == 5 * 2 * 2 * 4  # models, beams, lengths, sentences
    assert set(samples["beam"]) == {1, 2}
    signature = json.loads((folder / "board/signature.json").read_text())
    assert len(signature["pinned_cores"]) == 1 and signature["engine"]["name"] == "ctranslate2"
    assert "board: 80 translations timed" in printed, "the board's progress is shown"
    board.wait_until_left()
    first = (folder / "board/samples.csv").read_bytes()

    configure(smoke_copy, board, cool_down=2.0, sentences=100)
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "latency_board", *arguments],
        cwd=smoke_copy,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    for line in process.stdout or ():
        said += line
        if "warm-up sentences" in line and board.measuring():
            board.kill()
    assert process.wait() != 0
    assert "device board: the connection to board was lost" in said and "power supply" in said
    board.wait_until_left()
    assert (folder / "board/samples.csv").read_bytes() == first, "what it had is kept"
    assert (folder / "local/samples.csv").read_bytes() == local

    board.start()
    run_snakemake(smoke_copy, "latency_board", *configure(smoke_copy, board))
    assert (folder / "board/samples.csv").read_bytes() != first, "measured again, as it was asked to"
    board.wait_until_left()


def test_the_boards_pip_installs_the_engine_once_where_it_is_kept(
    tmp_path: Path, job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    board = Board(tmp_path / "board", tmp_path / "venv/bin/python")
    board.start()
    try:
        with caplog.at_level("INFO"):
            samples, _ = measure_device(DEVICE, job(4), access(board, keep=True))
            assert len(samples) == 2 * 2 * 4
            assert "installing ctranslate2" in caplog.text and "copying 2 of 2 models" in caplog.text
            caplog.clear()
            measure_device(DEVICE, job(4), access(board, keep=True))
            assert "installing" not in caplog.text and "copying 0 of 2 models" in caplog.text
        assert sorted(path.name for path in board.root.iterdir()) == ["engines", "models"]
        measure_device(DEVICE, job(4), access(board))
        board.wait_until_left()
    finally:
        board.kill()


def test_what_dies_on_this_side_leaves_nothing_there(
    board: Board, job: Callable[..., Job], tmp_path: Path
) -> None:
    replace(job(100), cool_down=2.0).write(tmp_path / "job.json")
    program = (
        "import logging, sys\n"
        "from tprune.config.devices import Device\n"
        "from tprune.latency.access import Access\n"
        "from tprune.latency.job import Job\n"
        "from tprune.latency.kinds import measure_device\n"
        "logging.basicConfig(level='INFO', stream=sys.stdout)\n"
        f"measure_device({DEVICE!r}, Job.read(sys.argv[1]), Access(ssh_config=sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "job.json"), board.configuration],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout or ():
        if "warm-up sentences" in line:
            break
    assert len(board.measuring()) == 1
    with pytest.raises(TPruneError, match="board is measuring for someone else"):
        measure_device(DEVICE, job(4), access(board))
    process.send_signal(signal.SIGKILL)
    process.wait()
    board.wait_until_left()


def test_a_board_that_cannot_be_reached_says_what_to_check(board: Board, job: Callable[..., Job]) -> None:
    small = job(4)
    (Path(board.configuration).parent / "client_key.pub").write_text("", encoding="utf-8")
    with pytest.raises(
        TPruneError, match=r"device board: no connection to board \(.*Permission denied.*check"
    ):
        measure_device(DEVICE, small, access(board))
    board.kill()
    with pytest.raises(TPruneError, match=r"no connection to board .*Connection refused.*ssh board true"):
        measure_device(DEVICE, small, access(board))


def test_a_device_that_is_off_fails_alone(smoke_copy: Path, board: Board) -> None:
    board.kill()
    with (smoke_copy / "config/devices.tsv").open("a", encoding="utf-8") as sheet:
        sheet.write("board\tssh\tboard\ntwo\tlocal\t\t\t2\t1\tint8\tboth cores\n")
    arguments = [*configure(smoke_copy, board), "--keep-going"]
    printed = run_snakemake(smoke_copy, "latency_board", "latency_two", *arguments, check=False)
    assert "device board: no connection to board" in printed
    latency = smoke_copy / "results/smoke/latency"
    assert (latency / "two/samples.csv").exists() and not (latency / "board/samples.csv").exists()


def test_a_board_that_lacks_something_says_what(
    board: Board, job: Callable[..., Job], tmp_path: Path
) -> None:
    python = board.home.parent / "bin/python3"
    python.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    with pytest.raises(TPruneError, match=r"needs Python 3\.10 or newer with pip .*python3 is absent"):
        measure_device(DEVICE, job(4), access(board))
    board.wait_until_left()


def test_an_arm_board_without_python_gets_the_bundle(
    board: Board, job: Callable[..., Job], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The bundle's loader is a stand-in, as this machine is none of ARM; test_adb.py runs the real bundle."""
    programs = board.home.parent / "bin"
    python = programs / "python3"
    loader = python.read_text(encoding="utf-8").replace('"$@"', '"${@:5}"').replace("/bin/sh", "/bin/bash")
    python.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (programs / "uname").write_text("#!/bin/sh\necho aarch64\n", encoding="utf-8")
    (programs / "uname").chmod(0o755)
    archive = tmp_path / "bundle/bundle.tar.gz"
    means = replace(access(board, keep=True), board_bundle=str(archive))
    with pytest.raises(TPruneError, match=r"run `snakemake --cores 1 bundle` once"):
        measure_device(DEVICE, job(4), means)

    (tmp_path / LOADER).parent.mkdir(parents=True)
    (tmp_path / LOADER).write_text(loader, encoding="utf-8")
    (tmp_path / LOADER).chmod(0o755)
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / LOADER, LOADER)
    sizes = {"archive_bytes": archive.stat().st_size, "unpacked_bytes": 1000}
    about = {"sha256": file_sha256(archive), **sizes, "python": "3", "ctranslate2": "4"}
    write_json(archive.with_name(MANIFEST), about)
    with caplog.at_level("INFO"):
        measure_device(DEVICE, job(4), means)
        assert "copying the bundle" in caplog.text
        caplog.clear()
        measure_device(DEVICE, job(4), means)
        assert "copying the bundle" not in caplog.text, "it was kept"


def test_a_model_that_arrives_damaged_is_noticed(board: Board, job: Callable[..., Job]) -> None:
    sums = board.home.parent / "bin/sha256sum"
    sums.write_text("#!/bin/sh\necho 'FAILED' >&2; exit 1\n", encoding="utf-8")
    sums.chmod(0o755)
    with pytest.raises(TPruneError, match="FAILED"):
        measure_device(DEVICE, job(4), access(board))
    board.wait_until_left()


def test_commands_fail_with_what_the_board_said(board: Board) -> None:
    with SshClient(board.address, board.configuration, 5, ".cache/tprune-board", keep=False) as client:
        assert client.run("cat", b"there and back") == "there and back"
        assert list(client.lines("echo one; echo two")) == ["one", "two"]
        with pytest.raises(TPruneError, match="board: no such thing"):
            client.run("echo no such thing >&2; exit 3")
        assert client.run("exit 3", check=False) == ""
    board.wait_until_left()
