"""The device kind "browser": serve the page, have it opened, wait for the samples.

The device's address says who opens it. Empty: a person. "headless": this program, in a browser of this
machine. "adb:SERIAL" (or "adb:", for the only one there is): this program, on a phone.
"""

import logging
import queue
import sys
import time
from collections.abc import Callable
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access
from tprune.latency.browser import opening
from tprune.latency.browser.addresses import invitation
from tprune.latency.browser.content import Content
from tprune.latency.browser.server import PageServer, Progress, Result, serving_page
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.signature import device_signature
from tprune.latency.throttling import throttling

logger = logging.getLogger(__name__)

HEADLESS = "headless"
ADB = "adb:"
SILENCE_SECONDS = 300  # between two reports of a page that is measuring
PROGRESS_SECONDS = 5.0


def measure(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Serve the page until it has posted the job's samples; return them and the signature.

    `access.files` has the subword model as `subwords` and onnxruntime-web as `runtime`. TPruneError where the
    page cannot be opened, reports an error, or falls silent.
    """
    content = Content(job, access.files["subwords"], access.files["runtime"])
    with serving_page(content, access.serving) as server:
        if device.address == "":
            print(invitation(server, job.threads), file=sys.stderr, flush=True)
            samples, signature = wait_for_result(server, access.serving.timeout)
        elif device.address == HEADLESS:
            with opening.headless(_starting(server)) as check:
                samples, signature = wait_for_result(server, access.serving.timeout, check)
            signature |= _this_machine()
        else:
            serial = device.address.removeprefix(ADB)
            url = _starting(server)
            with opening.on_phone(serial, server.port, url, access.connect_timeout) as (check, phone):
                samples, signature = wait_for_result(server, access.serving.timeout, check)
                signature |= phone()
            signature["throttling"] = throttling(signature, samples, job.block)
            signature["throttled"] = (
                None if signature["throttling"] is None else bool(signature["throttling"])
            )
    if signature["threads"] != job.threads:
        logger.warning("%d threads asked, the browser gave %s", job.threads, signature["threads"])
    return samples, signature


def wait_for_result(server: PageServer, timeout: float, check: Callable[[], None] | None = None) -> Result:
    """Log what comes by the current link until the result does.

    With a `check`, which is called now and then, nobody sits before the page, and an error that it reports is
    raised; a person may try again. TPruneError also after `timeout` seconds without a sign of life.
    """
    heard = time.monotonic()
    said = 0.0
    last = Progress()
    while True:
        try:
            event = server.link.events.get(timeout=2.0)
        except queue.Empty:
            if check is not None:
                check()
            limit = min(timeout, SILENCE_SECONDS) if last.total else timeout
            if time.monotonic() - heard > limit:
                raise TPruneError(_silence(last, limit)) from None
            continue
        heard = time.monotonic()
        if not isinstance(event, Progress):
            logger.info("%d samples received", len(event[0]))
            return event
        last = event
        if event.error and check is not None:
            raise TPruneError(f"the page reports: {event.error}")
        if event.error:
            logger.warning("the page reports: %s", event.error)
        elif heard - said > PROGRESS_SECONDS:
            said = heard
            what = "warm-up" if event.warming_up else "timed"
            logger.info("%s: %d of %d translations", what, event.done, event.total)


def _this_machine() -> dict[str, Any]:
    """What a browser does not tell."""
    told = device_signature((), {})
    return {key: told[key] for key in ("device", "cpu", "architecture", "memory_bytes", "system", "kernel")}


def _starting(server: PageServer) -> str:
    # A browser that is opened by this program is, or believes itself, on this machine.
    return f"{server.scheme}://localhost:{server.port}/{server.link.token}/?measure"


def _silence(last: Progress, seconds: float) -> str:
    if last.total:
        return (
            f"the page fell silent for {seconds:.0f} s after {last.done} of {last.total} translations: was "
            "it closed, or the screen switched off? Run the rule again"
        )
    return (
        f"no page was heard of for {seconds:.0f} s (devices.page_timeout): was the link opened and `Measure` "
        "pressed? Run the rule again"
    )
