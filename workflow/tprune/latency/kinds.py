"""The kinds of devices: which function measures on which."""

from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency import adb, local, ssh
from tprune.latency.access import Access
from tprune.latency.browser import kind as browser_kind
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.result import check_result

MEASURE = {
    "local": local.measure,
    "ssh": ssh.measure,
    "adb": adb.measure,
    "browser": browser_kind.measure,
}


def measure_device(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Time the job's models on `device`; return all samples and the signature, checked against the job.

    A TPruneError names the device and says what to check.
    """
    if device.kind not in MEASURE:
        raise TPruneError(f"device {device.name}: kind {device.kind} cannot be measured by this version")
    try:
        return check_result(*MEASURE[device.kind](device, job, access), job)
    except TPruneError as error:
        raise TPruneError(f"device {device.name}: {error}") from error
