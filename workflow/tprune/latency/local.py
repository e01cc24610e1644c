"""The device kind "local": this machine."""

from typing import Any

from tprune.config.devices import Device
from tprune.latency.access import Access
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.run_job import run_job


def measure(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Time the job's models in this process, which stays pinned; return all samples and the signature."""
    return run_job(job)
