"""The kinds of devices: which function measures on which."""

import logging
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency import adb, local, ssh
from tprune.latency.access import Access
from tprune.latency.browser import kind as browser_kind
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.result import check_result
from tprune.latency.throttling import throttling

logger = logging.getLogger(__name__)

MEASURE = {
    "local": local.measure,
    "ssh": ssh.measure,
    "adb": adb.measure,
    "browser": browser_kind.measure,
}


def measure_device(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Time the job's models on `device`; return all samples and the signature, checked against the job.

    Where a device throttled, this is warned of and stands in the signature. A TPruneError names the device
    and says what to check, and how to have tables without it.
    """
    try:
        samples, signature = check_result(*MEASURE[device.kind](device, job, access), job)
    except TPruneError as error:
        leave_out = "" if device.kind == "local" else "; to leave it out, put # before its line in the sheet"
        raise TPruneError(f"device {device.name}: {error}{leave_out}") from error
    found = throttling(signature, samples, job.block)
    signature |= {"throttling": found, "throttled": None if found is None else bool(found)}
    for reason in found or []:
        logger.warning("%s throttled: %s; let it cool, or raise devices.cool_down", device.name, reason)
    return samples, signature
