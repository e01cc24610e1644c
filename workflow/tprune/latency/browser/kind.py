"""The device kind "browser": serve the page, have it opened, wait for the samples.

The device's address says who opens it. Empty: a person. "headless": this program, in a browser of this
machine. "adb:SERIAL" (or "adb:", for the only one there is): this program, on a phone. What this program
opens is, or believes itself, on this machine, so the page is then served there alone, by plain http.
"""

import logging
import queue
import sys
import time
from collections.abc import Callable
from typing import Any

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access, Serving
from tprune.latency.browser import opening
from tprune.latency.browser.addresses import invitation, page_url
from tprune.latency.browser.content import Content
from tprune.latency.browser.server import PageServer, Progress, Result, serving_page
from tprune.latency.job import Job
from tprune.latency.protocol import Sample
from tprune.latency.signature import device_signature

logger = logging.getLogger(__name__)

HEADLESS = "headless"
ADB = "adb:"
SILENCE_SECONDS = 300  # between two reports of a page that is measuring
PROGRESS_SECONDS = 5.0
CHECK_SECONDS = 10.0  # of silence, until a browser is asked after: asking a phone costs it time


def measure(device: Device, job: Job, access: Access) -> tuple[list[Sample], dict[str, Any]]:
    """Serve the page until it has posted the job's samples; return them and the signature.

    `access.files` has the subword model as `subwords` and onnxruntime-web as `runtime`. TPruneError where the
    page cannot be opened, reports an error, or falls silent.
    """
    content = Content(job, access.files["subwords"], access.files["runtime"])
    serving = access.serving
    if device.address:
        serving = Serving(port=serving.port, timeout=serving.timeout)
    with serving_page(content, serving) as server:
        url = f"{page_url(server)}?measure"
        if device.address == "":
            print(invitation(server, job.threads), file=sys.stderr, flush=True)
            samples, signature = wait_for_result(server, serving.timeout)
        elif device.address == HEADLESS:
            with opening.headless(url) as check:
                samples, signature = wait_for_result(server, serving.timeout, check)
            signature |= _this_machine()
        else:
            serial = device.address.removeprefix(ADB)
            with opening.on_phone(serial, server.port, url, access.connect_timeout) as (check, phone):
                samples, signature = wait_for_result(server, serving.timeout, check)
                signature |= phone()
    if signature["threads"] != job.threads:
        logger.warning("%d threads asked, the browser gave %s", job.threads, signature["threads"])
    return samples, signature


def wait_for_result(server: PageServer, timeout: float, check: Callable[[], None] | None = None) -> Result:
    """Log what comes by the current link until the result does.

    With a `check`, which is called while the page is silent, nobody sits before it, and an error that it
    reports is raised; a person may try again. TPruneError also after `timeout` seconds of silence.
    """
    heard = time.monotonic()
    said = 0.0
    last = Progress()
    while True:
        try:
            event = server.link.events.get(timeout=2.0)
        except queue.Empty:
            silent = time.monotonic() - heard
            if check is not None and silent > CHECK_SECONDS:
                check()
            limit = min(timeout, SILENCE_SECONDS) if last.total else timeout
            if silent > limit:
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
