import ast
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tprune.compaction.onnx_export import export_onnx
from tprune.errors import TPruneError
from tprune.latency import zipapp
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.job import Artefact, Job
from tprune.latency.result import read_result
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

CONTROL = {"method": "control", "strength": "0", "threshold": "0"}


@pytest.fixture
def job(artefacts: list[Artefact], encoded: tuple[Path, Path]) -> Job:
    return make_job("ctranslate2", artefacts, *encoded, Settings([1, 2], 1, 3, 2, 1), cool_down=0.01)


def run_zipapp(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """As on a device: this package cannot be imported, only the engine can."""
    return subprocess.run(
        [sys.executable, "-S", *map(str, arguments)],
        env={"PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_job_is_read_back_wherever_its_folder_went(job: Job, tmp_path: Path) -> None:
    job.write(tmp_path / "job.json")
    assert Job.read(tmp_path / "job.json") == job
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    read = Job.read(moved / "job.json")
    assert [artefact.candidate for artefact in read.artefacts] == [a.candidate for a in job.artefacts]
    assert all((artefact.directory / "model.bin").is_file() for artefact in read.artefacts)
    assert all(artefact.directory.is_relative_to(moved) for artefact in read.artefacts)
    moved.rename(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"engine": "ctranslate2", "sentences": 3}'])
def test_a_job_that_is_not_whole_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.json").write_text(text, encoding="utf-8")
    with pytest.raises(TPruneError, match=r"job\.json: not a latency job"):
        Job.read(tmp_path / "job.json")


def test_the_zipapp_measures_without_this_package(job: Job, tmp_path: Path) -> None:
    zipapp.build(tmp_path / "measure.pyz")
    job.write(tmp_path / "job.json")
    done = run_zipapp(tmp_path / "measure.pyz", tmp_path / "job.json", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{job.expected_samples} translations timed" in done.stdout
    samples, signature = read_result(tmp_path / "out", job)
    assert len(samples) == job.expected_samples
    assert signature["cool_down"] == 0.01


def test_the_zipapp_measures_with_onnx_runtime(
    uneven: Architecture, encoded: tuple[Path, Path], tmp_path: Path
) -> None:
    model = Transformer(uneven).eval()
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"p{index}" for index in range(36))]
    export_onnx(model, pieces, pieces, tmp_path / "onnx", "float32")
    found = list_artefacts([CONTROL], ["float32"], [tmp_path / "onnx"])
    job = make_job("onnxruntime", found, *encoded, Settings([1], 1, 3, 2, 1))
    zipapp.build(tmp_path / "measure.pyz")
    job.write(tmp_path / "job.json")
    done = run_zipapp(tmp_path / "measure.pyz", tmp_path / "job.json", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    _, signature = read_result(tmp_path / "out", job)
    assert signature["engine"]["name"] == "onnxruntime"


def test_the_zipapp_says_in_one_line_what_is_wrong(job: Job, tmp_path: Path) -> None:
    zipapp.build(tmp_path / "measure.pyz")
    job.write(tmp_path / "job.json")
    (job.artefacts[0].directory / "config.json").unlink()
    done = run_zipapp(tmp_path / "measure.pyz", tmp_path / "job.json", tmp_path / "out")
    assert done.returncode == 1
    assert (
        done.stderr.startswith("error: ") and "config.json" in done.stderr and "Traceback" not in done.stderr
    )
    assert not (tmp_path / "out").exists()


def test_equal_sources_make_an_equal_zipapp_of_device_code_only(tmp_path: Path) -> None:
    zipapp.build(tmp_path / "one.pyz")
    zipapp.build(tmp_path / "two.pyz")
    assert (tmp_path / "one.pyz").read_bytes() == (tmp_path / "two.pyz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.pyz") as archive:
        for name in archive.namelist():
            compile_for_device(name, archive.read(name).decode())


def compile_for_device(name: str, text: str) -> None:
    """The oldest Python that a device may have must at least parse it."""
    ast.parse(text, name, feature_version=zipapp.PYTHON)
    assert "datetime import UTC" not in text, "new in Python 3.11"
