"""The device kind "adb": an Android phone, by USB or network, without root.

Under /data/local/tmp/tprune, where a shell may run programs:

    bundle-DIGEST/   the aarch64 bundle; stays, and is used by the next measurement
    models/DIGEST/   the models; stay with `devices.keep` only
    run/             measure.pyz, job.json, output/; goes at the end, or when the next measurement begins

A folder gets its name when what lies in it was checked, so a name stands for a whole copy.
"""

import logging
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency import zipapp
from tprune.latency.access import Access
from tprune.latency.adb_client import Adb, connect
from tprune.latency.bundle import ARCHITECTURE, Bundle, file_sha256, python_argv
from tprune.latency.device_copy import content_name, files_of
from tprune.latency.job import Artefact, Job
from tprune.latency.phone import Condition, Identity, identify, in_signature, read_condition
from tprune.latency.protocol import Sample
from tprune.latency.result import largest_result, read_result

logger = logging.getLogger(__name__)

ROOT = "/data/local/tmp/tprune"
RUN = f"{ROOT}/run"
SPARE_BYTES = 50_000_000
UNPACKING_SECONDS = 300
KILLED = 128 + 9
MACHINES = (ARCHITECTURE, "armv8l")  # the latter of 64-bit phones with a 32-bit shell
EMULATOR = "qemu-aarch64-static"  # what a device of another architecture may have to run the bundle with
WARM_CELSIUS = 38.0

_READY = "ready"
# Holds run/ until its input ends, then ends what works there, and removes what is not to stay. It does so by
# itself, on the device, whatever happened to this side or to the connection.
_KEEPER = """
trap "" HUP INT TERM PIPE
mkdir -p {root}/models && cd {root} || exit 1
if ! mkdir run 2>/dev/null; then
  keeper=$(cat run/keeper 2>/dev/null)
  if kill -0 "$keeper" 2>/dev/null; then echo "$keeper"; exit 1; fi
  rm -rf run && mkdir run || exit 1
fi
echo $$ >run/keeper
rm -rf *.partial models/*.partial
mkdir run/output && echo {ready}
cat >/dev/null
pid=$(cat run/working 2>/dev/null)
tries=0
while [ -n "$pid" ] && kill "$pid" 2>/dev/null && [ $tries -lt 5 ]; do tries=$((tries + 1)); sleep 1; done
[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
rm -rf {removed}
"""
_WORK = """
cd {root}/run || exit 1
TMPDIR={root}/run {command} </dev/null &
echo $! >working
wait $!
status=$?
rm -f working
exit $status
"""


def measure(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Time the job's models on the phone at `device.address`; return all samples and the signature.

    `access.files` has the archive of the bundle as `bundle`. TPruneError says what to check where the
    phone cannot be reached, is lost, is no aarch64 one, or has too little space.
    """
    bundle = Bundle.read(access.files["bundle"])
    adb = connect(device.address, access.connect_timeout)
    identity = identify(lambda script: adb.shell(script)[1])
    logger.info(
        "%s: %s, %s, Android %s", adb.serial, identity.name, identity.soc, identity.properties["android"]
    )
    emulator = _emulator(adb, identity)
    with _run_folder(adb, access.keep):
        _check_space(adb, bundle, job.artefacts)
        folder = _install(adb, bundle, emulator)
        with tempfile.TemporaryDirectory(prefix="tprune-adb-") as directory:
            local = Path(directory)
            _push_models(adb, job.artefacts)
            _push_job(adb, job, local)
            before = _condition(adb)
            _warn_of(before)
            logger.info("measuring; the screen should stay on, and nothing else run")
            _run(adb, [*emulator, *python_argv(folder), "measure.pyz", "job.json", "output"])
            after = _condition(adb)
            for name in ("samples.csv", "signature.json"):
                adb.pull(f"{RUN}/output/{name}", local / name, largest_result(job))
            samples, signature = read_result(local, job)
    signature |= in_signature(identity, before, after)
    signature["emulated"] = bool(emulator)
    return samples, signature


def _emulator(adb: Adb, identity: Identity) -> list[str]:
    """What to put before the bundle's commands: nothing on an aarch64 device."""
    if identity.machine in MACHINES:
        return []
    if adb.shell(f"command -v {EMULATOR}", check=False)[0] == 0:
        logger.warning("%s is %s and emulates aarch64: its times say nothing", adb.serial, identity.machine)
        return [EMULATOR]
    raise TPruneError(
        f"{adb.serial} (adb): its architecture is {identity.machine}, the bundle is for {ARCHITECTURE} "
        "(64-bit ARM); measure this device with kind browser"
    )


@contextmanager
def _run_folder(adb: Adb, keep: bool) -> Iterator[None]:
    """Hold run/ on the device; at the end nothing runs there and nothing but the bundle is left, or all."""
    script = _KEEPER.format(root=ROOT, ready=_READY, removed="run" if keep else "run models")
    with adb.holding(script) as said:
        if said.isdigit():
            raise TPruneError(
                f"{adb.serial} (adb): another measurement is running on it (process {said} there holds "
                f"{RUN}); wait for its end, or restart the device"
            )
        if said != _READY:
            adb.shell("true")  # raises where it is gone
            raise TPruneError(
                f"{adb.serial} (adb): no folder {ROOT} can be made there; is {ROOT} another user's, or the "
                "storage full?"
            )
        yield


def _check_space(adb: Adb, bundle: Bundle, artefacts: Sequence[Artefact]) -> None:
    lines = adb.shell(f"df -k {ROOT}")[1].strip().splitlines()
    free = int(lines[-1].split()[-3]) * 1024
    needed = SPARE_BYTES
    if not _exists(adb, f"{ROOT}/{bundle.folder_name}"):
        needed += bundle.archive_bytes + bundle.unpacked_bytes
    for artefact in artefacts:
        if not _exists(adb, _model_folder(artefact)):
            needed += sum(path.stat().st_size for path in files_of(artefact.directory))
    if needed > free:
        raise TPruneError(
            f"{adb.serial} (adb): {free / 1e6:.0f} MB free in {ROOT}, {needed / 1e6:.0f} MB needed; make room"
        )


def _install(adb: Adb, bundle: Bundle, emulator: Sequence[str]) -> str:
    """The folder of the unpacked bundle on the device; pushed, checked and tried out unless it is there."""
    folder = f"{ROOT}/{bundle.folder_name}"
    if _exists(adb, folder):
        logger.info("the bundle is there already")
        return folder
    logger.info("copying the bundle, %.0f MB, once", bundle.archive_bytes / 1e6)
    archive, unpacked = f"{folder}.tar.gz.partial", f"{folder}.partial"
    adb.push([bundle.archive], archive)
    _check_sums(adb, {archive: bundle.sha256})
    adb.shell(
        f"mkdir {unpacked} && tar -xzf {archive} -C {unpacked} && rm {archive}", timeout=UNPACKING_SECONDS
    )
    command = [*emulator, *python_argv(unpacked), "-c", "import ctranslate2; print(ctranslate2.__version__)"]
    status, said = adb.shell(f"{shlex.join(command)} 2>&1", check=False, timeout=UNPACKING_SECONDS)
    if status or said.strip() != bundle.ctranslate2:
        raise TPruneError(
            f"{adb.serial} (adb): the bundle does not run there (status {status}: {said.strip()[-500:]})"
        )
    adb.shell(f"rm -rf {ROOT}/bundle-*[0-9a-f] && mv {unpacked} {folder}", timeout=UNPACKING_SECONDS)
    return folder


def _push_models(adb: Adb, artefacts: Sequence[Artefact]) -> None:
    for number, artefact in enumerate(artefacts, start=1):
        folder = _model_folder(artefact)
        if _exists(adb, folder):
            continue
        logger.info("copying model %d of %d", number, len(artefacts))
        files, partial = files_of(artefact.directory), f"{folder}.partial"
        adb.shell(f"mkdir {partial}")
        adb.push(files, f"{partial}/")
        _check_sums(adb, {f"{partial}/{path.name}": file_sha256(path) for path in files})
        adb.shell(f"mv {partial} {folder}")


def _push_job(adb: Adb, job: Job, local: Path) -> None:
    # As it lies on the device, so that the job's relative paths are right there.
    there = [
        replace(artefact, directory=local / Path(_model_folder(artefact)).relative_to(ROOT))
        for artefact in job.artefacts
    ]
    (local / "run").mkdir()
    replace(job, artefacts=tuple(there)).write(local / "run/job.json")
    zipapp.build(local / "run/measure.pyz")
    adb.push([local / "run/job.json", local / "run/measure.pyz"], f"{RUN}/")


def _run(adb: Adb, command: Sequence[str]) -> None:
    """Run the measurement and show its progress."""
    script = _WORK.format(root=ROOT, command=shlex.join(command))
    status, errors = adb.follow(script, lambda line: logger.info("%s", line))
    if status == KILLED:
        raise TPruneError(
            f"{adb.serial} (adb): the phone killed the measurement, most likely for want of memory: close "
            "other apps, or time fewer models, beams or dtypes at once"
        )
    if status:
        raise TPruneError(f"{adb.serial} (adb): the measurement ended with status {status}: {errors[-1500:]}")


def _condition(adb: Adb) -> Condition:
    condition = read_condition(lambda script: adb.shell(script, timeout=60)[1])
    told = [f"{name} {value}" for name, value in vars(condition).items() if value is not None]
    logger.info("%s", ", ".join(told) or "it tells nothing of battery and heat")
    return condition


def _warn_of(before: Condition) -> None:
    if before.battery_saver:
        logger.warning("its battery saver is on, which slows it down: switch it off and measure again")
    if before.battery_celsius is not None and before.battery_celsius >= WARM_CELSIUS:
        logger.warning("its battery is warm (%.0f °C) before it began: let it cool", before.battery_celsius)


def _model_folder(artefact: Artefact) -> str:
    """Where a model lies on the device, by what is in it."""
    return f"{ROOT}/models/{content_name(artefact.directory)}"


def _exists(adb: Adb, folder: str) -> bool:
    return adb.shell(f"test -d {folder}", check=False)[0] == 0


def _check_sums(adb: Adb, expected: dict[str, str]) -> None:
    """Compare SHA-256 sums of files on the device with what they must be."""
    printed = adb.shell(f"sha256sum {' '.join(expected)}", timeout=UNPACKING_SECONDS)[1]
    found = {name: value for value, name in (line.split(maxsplit=1) for line in printed.splitlines())}
    for name, value in expected.items():
        if found.get(name) != value:
            raise TPruneError(
                f"{adb.serial} (adb): {name} arrived damaged; check the cable, run the rule again"
            )
