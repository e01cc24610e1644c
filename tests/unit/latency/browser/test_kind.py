import sys
from pathlib import Path

import pytest

from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access, Serving
from tprune.latency.browser import kind
from tprune.latency.browser.content import Content

ELSEWHERE = "203.0.113.1"  # reserved for documentation (RFC 5737): no machine can listen there
BROWSER = """#!{python}
import sys, urllib.request
page, _, query = sys.argv[-1].partition("?")
body = b'{{"error": "opened at ' + page.split("/")[2].encode() + b" to " + query.encode() + b'"}}'
urllib.request.urlopen(urllib.request.Request(page + "progress", body)).read()
"""


def test_what_is_opened_by_this_program_is_served_to_this_machine_alone(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/chromium"
    program.parent.mkdir()
    program.write_text(BROWSER.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    files = {"subwords": tmp_path / "subwords", "runtime": tmp_path / "runtime"}
    access = Access(files=files, serving=Serving(ELSEWHERE, 0, 30, "no such certificate"))

    def measured_at(address: str) -> None:
        kind.measure(Device("page", "browser", address, "onnxruntime-web", 1, (1,), ()), content.job, access)

    with pytest.raises(TPruneError, match=r"the page reports: opened at localhost:\d+ to measure"):
        measured_at("headless")
    with pytest.raises(TPruneError, match=rf"devices\.page_host {ELSEWHERE}.*cannot listen there"):
        measured_at("")
