"""The page as it looks after a sentence was translated and the models were measured: docs/page.png.

python tests/devices/screenshot.py RESULTS docs/page.png "A sentence."
"""

import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from chromium import Page, chromium

from tprune.latency.access import Serving
from tprune.latency.browser.addresses import page_url
from tprune.latency.browser.command import job_of
from tprune.latency.browser.content import Content
from tprune.latency.browser.server import serving_page

WIDTH, HEIGHT = 640, 1000


def take(page: Page, results: Path, image: Path, sentence: str, sentences: int, warm_up: int) -> None:
    """Serve the models of `results`, use the page and write what it shows to `image`."""
    options = SimpleNamespace(threads=2, sentences=sentences, warm_up=warm_up, seed=1)
    job = job_of(results, options)  # type: ignore[arg-type]
    content = Content(job, results / "corpus/subword.model", results / "page/onnxruntime-web")
    with serving_page(content, Serving(port=0)) as server:
        page.open(page_url(server), WIDTH, HEIGHT)
        page.wait_for("!document.querySelector('#translate').disabled")
        page.type("#text", sentence)
        page.click("#translate")
        page.wait_for("document.querySelector('#verdict').textContent.includes('times as fast')", 300)
        page.click("#measure")
        page.wait_for("document.querySelector('#outcome').textContent.includes('were received')", 1200)
        page.evaluate("document.activeElement.blur()")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(image)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        take(browser, Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sentences=20, warm_up=30)
