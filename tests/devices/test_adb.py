"""Kind adb against a real adbd, the real bundle under qemu: through the workflow, and what goes wrong."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from phone import ADDRESS, Phone, write_settings

from tests.conftest import copy_run, run_snakemake
from tests.system_parts import need_program
from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access
from tprune.latency.adb_client import connect
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.bundle import Bundle, python_argv
from tprune.latency.bundle_archive import make_bundle
from tprune.latency.bundle_packages import default_cache
from tprune.latency.job import Job
from tprune.latency.kinds import measure_device
from tprune.tables.points import Point

DEVICE = Device("phone", "adb", ADDRESS, "ctranslate2", 1, (1,), ("float32",))
DENSE = [asdict(Point(name)) for name in ("baseline", "control")]
DENSE_FOLDER = "results/smoke/compact/method~{}/strength~0/threshold~0/speedup~0/repeat~1"
WARMING_UP = "warm-up sentences"


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Phone]]:
    """Makes a phone, plugged in, that this process' adb reaches."""
    made: list[Phone] = []

    def make(**how: int) -> Phone:
        made.append(Phone(tmp_path / f"phone{len(made)}", **how))
        made[-1].plug_in()
        for name in ("ADB_SERVER_SOCKET",):
            monkeypatch.setenv(name, made[-1].environment[name])
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture(scope="module")
def run_with_bundle(smoke_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished smoke run in which the workflow has built the bundle; not to be changed."""
    for program, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg")):
        need_program(program, package)
    folder = copy_run(smoke_run, tmp_path_factory.mktemp("bundle"))
    run_snakemake(folder, "bundle", *write_settings(folder, 4))
    return folder


@pytest.fixture
def access(run_with_bundle: Path) -> Callable[..., Access]:
    archive = str(run_with_bundle / "results/smoke/bundle/bundle.tar.gz")
    return lambda keep=False: Access(keep=keep, connect_timeout=5, files={"bundle": archive})


@pytest.fixture
def job(smoke_run: Path) -> Callable[..., Job]:
    """Makes a job of two models of the smoke run."""
    results = smoke_run / "results/smoke"

    def make(sentences: int = 3) -> Job:
        folders = [
            results
            / "compact"
            / "/".join(f"{name}~{value}" for name, value in row.items())
            / "ctranslate2/float32"
            for row in DENSE
        ]
        encoded = [results / f"corpus/encoded/test.{side}" for side in ("src", "tgt")]
        artefacts = list_artefacts(DENSE, ["float32"], folders)
        return make_job("ctranslate2", artefacts, *encoded, Settings([1], 1, sentences, 2, 1))

    return make


def test_the_bundle_comes_out_the_same_and_translates(run_with_bundle: Path, tmp_path: Path) -> None:
    emulator = need_program("qemu-aarch64-static", "qemu-user-static")
    archive = run_with_bundle / "results/smoke/bundle/bundle.tar.gz"
    bundle = Bundle.read(archive)
    again = make_bundle(tmp_path / "again/bundle.tar.gz", bundle.ctranslate2, default_cache())
    assert again.sha256 == bundle.sha256 and bundle.archive_bytes < 15e6
    manifest = json.loads((archive.parent / "bundle.json").read_text())
    names = {package["name"] for package in manifest["packages"]}
    assert {"libc6", "libstdc++6", "python3.11-minimal", "ctranslate2"} <= {
        name.replace(manifest["python"], "3.11") for name in names
    }
    assert all(len(package["sha256"]) == 64 and package["version"] for package in manifest["packages"])

    subprocess.run(["tar", "--extract", "--file", archive, "--directory", tmp_path], check=True)
    model = run_with_bundle / DENSE_FOLDER.format("control") / "ctranslate2/int8"
    program = (
        "import ctranslate2, platform, sys\n"
        "translator = ctranslate2.Translator(sys.argv[1], compute_type='int8')\n"
        "result = translator.translate_batch([['\u2581a']], min_decoding_length=7, max_decoding_length=7)\n"
        "print(platform.machine(), len(result[0].hypotheses[0]))"
    )
    command = [emulator, *python_argv(str(tmp_path)), "-c", program, str(model)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "aarch64 7\n"


def test_a_phone_is_measured_lost_and_measured_again(
    run_with_bundle: Path, phone: Callable[..., Phone], tmp_path: Path
) -> None:
    device = phone()
    folder = copy_run(run_with_bundle, tmp_path / "run")
    latency = folder / "results/smoke/latency"
    local = (latency / "local/samples.csv").read_bytes()

    printed = run_snakemake(folder, "latency_phone", *write_settings(folder, 3))
    samples = pd.read_csv(latency / "phone/samples.csv")
    assert len(samples) == samples["model"].nunique() * 2 * 3  # lengths, sentences
    signature = json.loads((latency / "phone/signature.json").read_text())
    assert (signature["device"], signature["cpu"]) == ("Fairphone FP5", "QTI QCM6490")
    assert signature["architecture"] == "aarch64" and signature["emulated"]
    assert signature["phone"]["android"] == "14" and len(signature["pinned_cores"]) == 1
    for when in ("condition_before", "condition_after"):
        assert signature[when]["battery_celsius"] == 28.4 and signature[when]["thermal_status"] == 0
    assert signature["throttled"] is False
    assert "copying the bundle" in printed and "translations timed" in printed
    device.wait_until_left()
    first = (latency / "phone/samples.csv").read_bytes()

    said = ""
    arguments = ["latency_phone", *write_settings(folder, 100)]
    with subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            said += line
            if WARMING_UP in line:
                assert device.measuring()
                device.lose()
    assert process.returncode != 0
    assert "the bundle is there already" in said and "copying the bundle" not in said
    assert f"device phone: {ADDRESS} (adb): it was lost" in said and "Check cable or network" in said
    device.wait_until_left()
    assert (latency / "phone/samples.csv").read_bytes() == first, "what it had is kept"
    assert (latency / "local/samples.csv").read_bytes() == local

    device.plug_in()
    run_snakemake(folder, "latency_phone", *write_settings(folder, 3))
    assert (latency / "phone/samples.csv").read_bytes() != first, "measured again, as it was asked to"
    device.wait_until_left()


def test_a_hot_phone_is_flagged_and_models_are_kept(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job], caplog
) -> None:
    device = phone()
    device.set_thermal_status(3)
    with caplog.at_level("INFO"):
        _, signature = measure_device(DEVICE, job(), access(keep=True))
        assert signature["throttled"] and signature["throttling"] == ["thermal status severe at the end"]
        assert "phone throttled: thermal status severe" in caplog.text
        assert "copying model 2 of 2" in caplog.text
        device.wait_until_left("models")
        caplog.clear()
        measure_device(DEVICE, job(), access())
        assert "copying" not in caplog.text
        device.wait_until_left()


def test_what_dies_on_this_side_leaves_nothing_there(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job], tmp_path: Path
) -> None:
    device = phone()
    job(2000).write(tmp_path / "job.json")
    program = (
        "import logging, sys\n"
        "from tprune.config.devices import Device\n"
        "from tprune.latency.access import Access, Serving\n"
        "from tprune.latency.job import Job\n"
        "from tprune.latency.kinds import measure_device\n"
        "logging.basicConfig(level='INFO', stream=sys.stdout)\n"
        f"measure_device({DEVICE!r}, Job.read(sys.argv[1]), {access()!r})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "job.json")], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            if WARMING_UP in line:
                break
        assert len(device.measuring()) == 1
        with pytest.raises(TPruneError, match="another measurement is running on it"):
            measure_device(DEVICE, job(), access())
        process.send_signal(signal.SIGKILL)
    device.wait_until_left()


def test_a_phone_that_runs_out_of_memory_says_so(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job]
) -> None:
    device = phone()

    class Kill(logging.Handler):
        """Does what Android does to the largest process."""

        def emit(self, record: logging.LogRecord) -> None:
            if WARMING_UP in record.getMessage():
                device.measuring()[0].kill()

    handler = Kill()
    logger = logging.getLogger("tprune")
    logger.setLevel("INFO")
    logger.addHandler(handler)
    try:
        with pytest.raises(TPruneError, match="killed the measurement, most likely for want of memory"):
            measure_device(DEVICE, job(2000), access())
    finally:
        logger.removeHandler(handler)
        logger.setLevel("NOTSET")
    device.wait_until_left()


def test_a_phone_that_cannot_be_reached_says_what_to_check(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job]
) -> None:
    device = phone()

    def measured_at(address: str) -> None:
        measure_device(Device("phone", "adb", address, *list(vars(DEVICE).values())[3:]), job(), access())

    with pytest.raises(
        TPruneError, match=r"127\.0\.0\.1:9: `adb connect` failed .*Connection refused.*network"
    ):
        measured_at("127.0.0.1:9")
    with pytest.raises(
        TPruneError, match=r"R58M is not among the devices .*127\.0\.0\.1:5555 \(device\).*USB"
    ):
        measured_at("R58M")
    assert connect("", 5).serial == ADDRESS, "the only one needs no address"
    device.adb("connect", "localhost:5555")
    with pytest.raises(
        TPruneError, match=r"several devices are connected: 127\.0\.0\.1:5555 .*column address"
    ):
        measured_at("")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"storage_megabytes": 60}, r"MB free in /data/local/tmp/tprune, \d+ MB needed; make room"),
        ({"emulator": 0}, r"its architecture is x86_64, the bundle is for aarch64 .*kind browser"),
    ],
)
def test_a_phone_that_cannot_take_the_bundle_says_why(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job], how: dict, said: str
) -> None:
    phone(**how)
    with pytest.raises(TPruneError, match=said):
        measure_device(DEVICE, job(), access())


def test_what_arrives_damaged_is_not_used(
    phone: Callable[..., Phone], access: Callable[..., Access], job: Callable[..., Job]
) -> None:
    device = phone()
    device.stand_in("sha256sum", f'for file; do echo "{"0" * 64}  $file"; done')
    with pytest.raises(TPruneError, match="arrived damaged"):
        measure_device(DEVICE, job(), access())
    assert not list(device.root.glob("bundle-*[0-9a-f]"))
