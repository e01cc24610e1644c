"""Kind browser with a real Chromium: the page as a person uses it, then through the workflow."""

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from browser_phone import BrowserPhone
from chromium import Page, chromium
from screenshot import HEIGHT, WIDTH, take

from tests.conftest import SMOKE, copy_run, run_snakemake
from tests.system_parts import missing_part, need_program
from tprune.config.devices import Device
from tprune.corpus.subwords import load_subwords
from tprune.latency.access import Access, Serving
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.browser.addresses import page_url
from tprune.latency.browser.command import job_of
from tprune.latency.browser.content import Content
from tprune.latency.browser.kind import wait_for_result
from tprune.latency.browser.opening import BROWSERS
from tprune.latency.browser.server import PageServer, serving_page
from tprune.latency.kinds import measure_device
from tprune.latency.onnxruntime_engine import OnnxRuntimeEngine
from tprune.tables.points import Point

SHEET = """name\tkind\taddress\tthreads\tengine\tbeam\tdtype\tnotes
local\tlocal
page\tbrowser\theadless\t2
native\tlocal\t\t\tonnxruntime
"""
SENTENCES = [
    "En el principio crió Dios los cielos y la tierra.",
    "¿Y  dijo\u00a0Dios: sea la luz?",
    "日本 über",
]


@pytest.fixture(autouse=True)
def browser_is_there() -> None:
    if not any(map(shutil.which, BROWSERS)):
        missing_part("chromium", "Debian package chromium")
    need_program("npm", "npm")


@pytest.fixture(scope="module")
def run_with_page(smoke_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished smoke run for which the workflow has made what the page needs; not to be changed."""
    folder = copy_run(smoke_run, tmp_path_factory.mktemp("page"))
    run_snakemake(folder, "page", "--cores", "2", *SMOKE)
    return folder


@pytest.fixture
def server(run_with_page: Path) -> Iterator[Callable[..., PageServer]]:
    """Makes a server of the run's models, which serves until the test ends."""
    results = run_with_page / "results/smoke"
    left: list[Any] = []

    def make(threads: int = 2, host: str = "127.0.0.1") -> PageServer:
        options = SimpleNamespace(threads=threads, sentences=4, warm_up=2, seed=1)
        content = Content(
            job_of(results, options),  # type: ignore[arg-type]
            results / "corpus/subword.model",
            results / "page/onnxruntime-web",
        )
        left.append(serving_page(content, Serving(host, 0)))
        made: PageServer = left[-1].__enter__()
        return made

    yield make
    for context in left:
        context.__exit__(None, None, None)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "profile") as made:
        yield made


def ready(page: Page, server: PageServer) -> None:
    page.open(page_url(server))
    page.wait_for("!document.querySelector('#translate').disabled")


def translate(page: Page, text: str) -> None:
    page.type("#text", text)
    page.evaluate("document.querySelector('#verdict').textContent = ''")
    page.click("#translate")
    page.wait_for("document.querySelector('#verdict').textContent.includes('times as fast')")


def shown(page: Page, side: str, what: str) -> str:
    return str(page.evaluate(f"document.querySelector('[data-side={side}] {what}').textContent"))


def test_a_typed_sentence_is_translated_as_natively_and_all_models_are_measured(
    server: Callable[..., PageServer], page: Page, run_with_page: Path
) -> None:
    made = server()
    ready(page, made)
    job = made.content.job
    subwords = load_subwords(run_with_page / "results/smoke/corpus/subword.model")
    assert page.evaluate("self.crossOriginIsolated")
    assert shown(page, "left", "option:checked").startswith("baseline")
    for text in SENTENCES:
        translate(page, text)
        for side in ("left", "right"):
            index = int(page.evaluate(f"document.querySelector('#{side}').value"))
            engine = OnnxRuntimeEngine(job.artefacts[index].directory, "float32", 1)
            native = engine.decode(subwords.encode(text), None)
            output = f"document.querySelector('[data-side={side}] .output')"
            assert page.evaluate(f"{output}.dataset.ids") == " ".join(map(str, native))
            target = json.loads((job.artefacts[index].directory / "vocabulary.json").read_text())
            pieces = [target["target_pieces"][token] for token in native]
            assert page.evaluate(f"{output}.textContent") == subwords.decode(pieces)
            assert float(shown(page, side, ".time").removesuffix(" ms")) > 0

    page.click("#measure")
    page.wait_for("document.querySelector('#outcome').textContent.includes('were received')", 120)
    samples, signature = wait_for_result(made, timeout=5)
    assert len(samples) == job.expected_samples
    assert signature["threads"] == 2 and signature["cross_origin_isolated"]
    assert signature["engine"]["version"] == "1.30.0"
    # Sentence by sentence, every model in an order of its own.
    orders = {}
    for sample in samples:
        orders.setdefault((sample.sentence, sample.length), []).append((sample.model, sample.dtype))
    assert len({tuple(order) for order in orders.values()}) > 1
    assert all(len(order) == len(set(order)) == len(job.artefacts) for order in orders.values())
    rows = page.evaluate("document.querySelectorAll('#results tbody tr:not(.dtype)').length")
    assert rows == len(job.artefacts)
    assert not page.said


def test_the_whole_test_set_has_the_same_pieces_in_the_page(
    server: Callable[..., PageServer], page: Page, run_with_page: Path
) -> None:
    ready(page, server())
    corpus = run_with_page / "results/smoke/corpus"
    for side in ("src", "tgt"):
        texts = (corpus / f"test.{side}").read_text(encoding="utf-8").split("\n")[:-1]
        pieces = page.evaluate(
            f"""(async () => {{
                const {{ loadSubwords }} = await import("/page/subwords.js");
                const subwords = loadSubwords(await (await fetch("subwords.json")).json());
                return {json.dumps(texts)}.map((text) => subwords.encode(text).join(" ") + "\\n");
            }})()"""
        )
        assert len(pieces) > 100
        assert "".join(pieces) == (corpus / f"encoded/test.{side}").read_text(encoding="utf-8")


def test_without_isolation_the_page_says_that_it_has_one_thread(
    server: Callable[..., PageServer], page: Page
) -> None:
    made = server(host="0.0.0.0")
    url = page_url(made)
    if "//localhost" in url:
        missing_part("a network address other than loopback", "a network interface")
    page.open(url)
    page.wait_for("!document.querySelector('#translate').disabled")
    assert not page.evaluate("self.crossOriginIsolated")
    assert "Asked for 2 threads" in page.evaluate("document.querySelector('#warning').textContent")
    page.click("#measure")
    page.wait_for("document.querySelector('#outcome').textContent.includes('were received')", 120)
    assert wait_for_result(made, timeout=5)[1]["threads"] == 1


def test_a_link_that_is_no_longer_good_is_said_in_the_page(
    server: Callable[..., PageServer], page: Page
) -> None:
    made = server()
    ready(page, made)
    made.renew()
    page.click("#measure")
    page.wait_for("document.querySelector('#outcome').textContent.includes('Not measured')", 120)
    assert "open the one that the terminal shows now" in page.evaluate("document.body.innerText")


def test_the_page_needs_no_pointer_and_every_field_has_a_name(
    server: Callable[..., PageServer], page: Page
) -> None:
    ready(page, server())
    nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
    fields = [node for node in nodes if node["role"]["value"] in ("textbox", "combobox", "button")]
    assert len(fields) >= 6 and all(node["name"]["value"] for node in fields)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing juts out sideways
    page.type("#text", "Dios")
    for kind in ("rawKeyDown", "keyUp"):
        page.ask(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            modifiers=2,
        )
    page.wait_for("document.querySelector('#verdict').textContent.includes('times as fast')")


def test_through_the_workflow_beside_the_native_engine(run_with_page: Path, tmp_path: Path) -> None:
    folder = copy_run(run_with_page, tmp_path / "run")
    (folder / "config/devices.tsv").write_text(SHEET, encoding="utf-8")
    (folder / "page.yaml").write_text("devices: {cool_down: 0, page_port: 0}\n", encoding="utf-8")
    arguments = ["--cores", "2", "--configfile", "config/smoke.yaml", "page.yaml"]
    run_snakemake(folder, "latency_page", "latency_native", *arguments)
    latency = folder / "results/smoke/latency"
    tables = {name: pd.read_csv(latency / name / "samples.csv") for name in ("page", "native")}
    key = ["model", "dtype", "beam", "length", "sentence"]
    merged = tables["page"].merge(tables["native"], on=key, validate="one_to_one")
    assert len(merged) == len(tables["page"]) == len(tables["native"]) > 0
    exact = merged[merged["dtype"] == "float32"]
    assert (exact["output_tokens_x"] == exact["output_tokens_y"]).all()
    signatures = {
        name: json.loads((latency / name / "signature.json").read_text()) for name in ("page", "native")
    }
    assert signatures["page"]["threads"] == 2
    assert signatures["page"]["cpu"] == signatures["native"]["cpu"]


def test_served_by_hand_until_interrupted(run_with_page: Path, tmp_path: Path, page: Page) -> None:
    results = copy_run(run_with_page, tmp_path / "run") / "results/smoke"
    command = [sys.executable, "-m", "tprune.latency.browser.command", "serve", str(results), "--port", "0"]
    with subprocess.Popen(
        [*command, "--sentences", "3", "--warm-up", "1", "--once"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stderr is not None
        url = next(line.strip() for line in process.stderr if "http://" in line)
        page.open(f"{url}?measure")
        said = process.stderr.read()
    assert process.returncode == 0
    assert "control" in said and "1.00x (1.00-1.00)" in said
    (kept,) = (results / "page/measured").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["samples.csv", "signature.json", "summary.csv"]


def test_the_rule_opens_the_page_on_a_phone_through_adb_reverse(
    run_with_page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = BrowserPhone(tmp_path / "phone")
    try:
        phone.plug_in()
        monkeypatch.setenv("ADB_SERVER_SOCKET", phone.environment["ADB_SERVER_SOCKET"])
        device = Device("page", "browser", f"adb:{phone.address}", "onnxruntime-web", 2, (1,), ("int8",))
        results = run_with_page / "results/smoke"
        grid = [asdict(Point(name)) for name in ("baseline", "control")]
        folders = [
            results / "compact" / "/".join(f"{name}~{value}" for name, value in row.items()) / "onnx/int8"
            for row in grid
        ]
        encoded = [results / f"corpus/encoded/test.{side}" for side in ("src", "tgt")]
        settings = Settings((1,), 2, 4, 2, 1)
        job = make_job("onnxruntime-web", list_artefacts(grid, ["int8"], folders), *encoded, settings)
        files = {"subwords": results / "corpus/subword.model", "runtime": results / "page/onnxruntime-web"}
        samples, signature = measure_device(
            device, job, Access(files=files, serving=Serving(port=0, timeout=60))
        )
        assert len(samples) == job.expected_samples
        # Behind `adb reverse` it is localhost to the phone as well: isolated, hence with threads.
        assert signature["threads"] == 2
        assert (signature["device"], signature["cpu"]) == ("Fairphone FP5", "QTI QCM6490")
        assert signature["condition_after"]["battery_celsius"] == 28.4
        (opened,) = phone.opened
        assert opened.startswith("start -a android.intent.action.VIEW -d http://localhost:")
        assert opened.endswith("/?measure")
        assert phone.adb("-s", phone.address, "reverse", "--list").strip() == ""
    finally:
        phone.remove()


def test_the_screenshot_is_taken(run_with_page: Path, tmp_path: Path, page: Page) -> None:
    image = tmp_path / "page.png"
    take(page, run_with_page / "results/smoke", image, SENTENCES[0], sentences=3, warm_up=1)
    width, height = struct.unpack(">II", image.read_bytes()[16:24])
    assert width == 2 * WIDTH and height > 2 * HEIGHT
