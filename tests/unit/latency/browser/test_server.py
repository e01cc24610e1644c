import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.system_parts import need_program
from tprune.errors import TPruneError
from tprune.latency.access import Serving
from tprune.latency.browser.addresses import invitation, page_url
from tprune.latency.browser.content import Content
from tprune.latency.browser.kind import wait_for_result
from tprune.latency.browser.onnxruntime_web import FILES, VERSION
from tprune.latency.browser.server import PageServer, Progress, serving_page
from tprune.latency.job import Job
from tprune.latency.protocol import LENGTHS
from tprune.latency.result import SIGNATURE_KEYS, largest_result

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def server(content: Content) -> Iterator[PageServer]:
    with serving_page(content, Serving(port=0)) as made:
        yield made


def request(server: PageServer, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def whole_result(job: Job) -> dict[str, Any]:
    samples = [
        {
            **asdict(artefact.candidate),
            "beam": 1,
            "length": length,
            "sentence": sentence.number,
            "source_tokens": len(sentence.source),
            "output_tokens": sentence.reference_length,
            "seconds": 0.01,
        }
        for sentence in job.sentences
        for artefact in job.artefacts
        for length in LENGTHS
    ]
    signature = dict.fromkeys(SIGNATURE_KEYS) | {
        "engine": {"name": job.engine, "version": VERSION},
        "threads": 1,
        "beams": [1],
        "dtypes": ["float32"],
        "sentences": len(job.sentences),
        "warm_up": len(job.warm_up),
        "seed": job.seed,
    }
    return {"samples": samples, "signature": signature}


def post(server: PageServer, value: Any, name: str = "result", token: str | None = None) -> tuple[int, Any]:
    path = f"/{server.link.token if token is None else token}/{name}"
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    status, _, said = request(server, "POST", path, body)
    return status, json.loads(said)


def test_the_page_is_isolated_and_everything_has_its_type(server: PageServer) -> None:
    token = server.link.token
    types = {
        f"/{token}/": "text/html; charset=utf-8",
        f"/{token}/?measure": "text/html; charset=utf-8",
        f"/{token}/job.json": "application/json",
        "/page/app.js": "text/javascript; charset=utf-8",
        "/page/style.css": "text/css; charset=utf-8",
        f"/runtime/{VERSION}/ort-wasm-simd-threaded.wasm": "application/wasm",
    }
    for path, media_type in types.items():
        status, headers, body = request(server, "GET", path)
        assert (status, headers["Content-Type"]) == (200, media_type), path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert int(headers["Content-Length"]) == len(body) > 0
        assert request(server, "HEAD", path)[2] == b""


def test_the_job_names_models_by_what_they_hold(server: PageServer) -> None:
    job = json.loads(request(server, "GET", f"/{server.link.token}/job.json")[2])
    assert [sentence["number"] for sentence in job["sentences"]] == [
        sentence.number for sentence in server.content.job.sentences
    ]
    (model,) = job["models"]
    directory = server.content.job.artefacts[0].directory
    for kind, path in model["files"].items():
        _, headers, body = request(server, "GET", path.removeprefix(".."))
        assert body == next(directory.glob(f"{kind}.*")).read_bytes()
        assert "immutable" in headers["Cache-Control"]
    assert "no-cache" in request(server, "GET", "/page/app.js")[1]["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 403),
        ("/wrong/", 403),
        ("/wrong/job.json", 403),
        ("/{token}/../../etc/passwd", 404),
        ("/{token}/..%2f..%2fetc/passwd", 404),
        ("/page/../server.py", 403),
        ("/page/%2e%2e/server.py", 403),
        ("/runtime//etc/passwd", 403),
        ("/{token}/nothing", 404),
        ("/content/0000/encoder.onnx", 403),
        ("/\u00e9/", 403),
    ],
)
def test_nothing_else_is_given_out(path: str, status: int, server: PageServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        line = path.format(token=server.link.token)
        raw.sendall(f"GET {line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert "error" in json.loads(answer.partition(b"\r\n\r\n")[2])


def test_a_result_counts_once(server: PageServer) -> None:
    result = whole_result(server.content.job)
    assert post(server, result) == (200, {"accepted": True})
    samples, signature = wait_for_result(server, timeout=5)
    assert len(samples) == len(result["samples"]) and signature == result["signature"]
    status, said = post(server, result)
    assert status == 409 and "has given its result already" in said["error"]
    old = server.link.token
    server.renew()
    assert post(server, result, token=old)[0] == 403
    assert post(server, result)[0] == 200


def spoiled(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    def spoil(result: dict[str, Any]) -> Any:
        result["samples"][1] |= changes
        return result

    return spoil


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda _: b"{not json", "not JSON"),
        (lambda _: b"\xff\xfe", "not JSON"),
        (lambda _: b"[" * 2000, "not JSON"),
        (lambda result: {**result, "more": 1}, "and no others"),
        (lambda result: {**result, "samples": result["samples"][1:]}, "1 of 6 are missing"),
        (
            lambda result: {**result, "samples": [*result["samples"], result["samples"][0]]},
            "stands there twice",
        ),
        (lambda result: {**result, "signature": {}}, "lacks the key"),
        (spoiled(seconds=-1), "column seconds: found"),
        (spoiled(beam=[]), "column beam: found"),
        (spoiled(seconds=float("nan")), "column seconds: found"),
        (spoiled(output_tokens=500), "output tokens"),
    ],
)
def test_a_result_that_is_not_whole_is_refused_and_the_link_stays_good(
    spoil: Callable[[dict[str, Any]], Any], text: str, server: PageServer
) -> None:
    status, said = post(server, spoil(whole_result(server.content.job)))
    assert status == 422 and text in said["error"]
    assert server.link.events.empty()
    assert post(server, whole_result(server.content.job))[0] == 200


def test_what_is_too_large_is_refused_unread(server: PageServer) -> None:
    path = f"/{server.link.token}/result"
    for length in (largest_result(server.content.job) + 1, 10**18, "9" * 5000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
            assert b" 413 " in raw.recv(65536).splitlines()[0]
    assert post(server, b" " * 5000, "progress")[0] == 413
    for header in ("", "Content-Length: -1\r\n", "Content-Length: ten\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
            assert b" 411 " in raw.recv(65536).splitlines()[0]
    assert post(server, whole_result(server.content.job))[0] == 200


def test_a_wrong_token_changes_nothing(server: PageServer) -> None:
    for token in ("", "wrong", server.link.token[:-1], server.link.token + "x"):
        status, said = post(server, whole_result(server.content.job), token=token)
        assert status == 403 and "open the one that the terminal shows" in said["error"]
    assert server.link.events.empty()


def test_progress_is_told_and_an_error_ends_a_run_that_nobody_watches(
    server: PageServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert post(server, {"done": 3, "total": 9, "warming_up": True}, "progress")[0] == 200
    for wrong in (b"[]", b"{", b'{"done": "many"}', b'{"done": null}'):
        assert post(server, wrong, "progress")[0] == 400
    assert server.link.events.qsize() == 1
    post(server, {"error": "out of memory"}, "progress")
    with pytest.raises(TPruneError, match="the page reports: out of memory"):
        wait_for_result(server, timeout=5, check=lambda: None)
    assert "warm-up: 3 of 9 translations" in caplog.text
    post(server, {"error": "out of memory"}, "progress")
    post(server, whole_result(server.content.job))
    assert wait_for_result(server, timeout=5)[1]["threads"] == 1
    assert "the page reports: out of memory" in caplog.text


def test_silence_ends_the_wait(server: PageServer) -> None:
    with pytest.raises(TPruneError, match=r"no page was heard of for 1 s \(devices.page_timeout\)"):
        wait_for_result(server, timeout=1)
    server.link.events.put(Progress(3, 9))
    with pytest.raises(TPruneError, match="fell silent for 1 s after 3 of 9 translations"):
        wait_for_result(server, timeout=1)


def test_the_invitation_says_what_threads_take(server: PageServer, content: Content) -> None:
    text = invitation(server, 2)
    assert page_url(server) == f"http://localhost:{server.port}/{server.link.token}/"
    assert page_url(server) in text and "\u2588" in text and "devices.page_host" in text
    with serving_page(content, Serving("0.0.0.0", 0)) as everywhere:
        assert "localhost:" not in page_url(everywhere) or "0.0.0.0" not in page_url(everywhere)
        assert "a browser gives the page 1 thread, not 2" in invitation(everywhere, 2)
        assert "thread" not in invitation(everywhere, 1)


def test_https_with_a_certificate(content: Content, tmp_path: Path) -> None:
    openssl = need_program("openssl", "openssl")
    files = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    pair = Serving(port=0, certificate=str(tmp_path / "certificate.pem"), key=str(tmp_path / "key.pem"))
    with serving_page(content, pair) as server:
        # One that says nothing holds up no other.
        with socket.create_connection(("127.0.0.1", server.port)):
            context = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
            connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
            connection.request("GET", f"/{server.link.token}/")
            assert connection.getresponse().status == 200
            connection.close()
        assert page_url(server).startswith("https://")
    with pytest.raises(TPruneError, match=r"key\.pem: cannot be used"):
        PageServer(content, replace(pair, certificate=pair.key))


def test_what_is_missing_or_taken_is_said(content: Content, server: PageServer, tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=rf"devices.page_port {server.port}: cannot listen there"):
        PageServer(content, Serving(port=server.port))
    (tmp_path / "runtime" / FILES[0]).unlink()
    with pytest.raises(
        TPruneError, match=r"ort\.wasm\.min\.mjs: is missing; run `snakemake --cores all page`"
    ):
        Content(content.job, tmp_path / "subwords", tmp_path / "runtime")
