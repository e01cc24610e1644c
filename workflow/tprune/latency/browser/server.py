"""The page's server: a one-time link, isolation headers, and results that are checked before they count.

A page gets more than one thread only where it is isolated from others, hence the headers
(https://web.dev/articles/coop-coep).
"""

import json
import logging
import queue
import secrets
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tprune.errors import TPruneError
from tprune.latency.access import Serving
from tprune.latency.browser.content import Content, Item
from tprune.latency.protocol import Sample
from tprune.latency.result import largest_result, parse_result

logger = logging.getLogger(__name__)

PROGRESS_BYTES = 2000
IDLE_SECONDS = 60  # of a connection on which nothing comes
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self' blob:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Result = tuple[list[Sample], dict[str, Any]]


@dataclass(frozen=True)
class Progress:
    """What a page said of how far it is: translations done, or what went wrong."""

    done: int = 0
    total: int = 0
    warming_up: bool = False
    error: str = ""


@dataclass
class Link:
    """The token of a link, good for one result; what came by it, in order: progress, then the result."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    events: "queue.Queue[Progress | Result]" = field(default_factory=queue.Queue)
    lock: threading.Lock = field(default_factory=threading.Lock)
    used: bool = False


class PageServer(ThreadingHTTPServer):
    """Serves one job's content under the current link."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, content: Content, serving: Serving) -> None:
        """Listen; TPruneError where the port is taken or the certificate cannot be used."""
        self.content = content
        self.link = Link()
        self.host = serving.host
        self.scheme = "https" if serving.certificate else "http"
        try:
            super().__init__((serving.host, serving.port), _Handler)
        except OSError as error:
            raise TPruneError(
                f"devices.page_host {serving.host}, devices.page_port {serving.port}: cannot listen there "
                f"({error}); free the port, or name another (0: any)"
            ) from error
        if serving.certificate:
            self.socket = _encrypted(self, serving)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def renew(self) -> None:
        """A new link; the old one is worth nothing any more."""
        self.link = Link()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error."""
        logger.debug("connection of %s broke", client_address, exc_info=True)


@contextmanager
def serving_page(content: Content, serving: Serving) -> Iterator[PageServer]:
    """Serve as long as the block runs."""
    with PageServer(content, serving) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _encrypted(server: PageServer, serving: Serving) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(serving.certificate, serving.key or None)
    except OSError as error:
        server.server_close()
        raise TPruneError(
            f"certificate {serving.certificate}, key {serving.key}: cannot be used ({error}); both must be "
            "PEM files that belong together"
        ) from error
    # The handshake waits for the handler's thread, so that a silent client holds up no other.
    return context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version = "tprune"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        try:
            self._send_item(self._find())
        except _Refused as refused:
            self._refuse(refused)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        try:
            link, name = self._under_token()
            event: Progress | Result
            if name == "progress":
                event = _progress(self._body(PROGRESS_BYTES))
            elif name == "result":
                event = self._accept(link)
            else:
                raise _Refused(HTTPStatus.NOT_FOUND, f"nothing is posted to {name or 'the page'}")
        except _Refused as refused:
            self._refuse(refused)
            return
        try:
            self._send(HTTPStatus.OK, b'{"accepted": true}', "application/json")
        finally:
            link.events.put(event)  # after the answer, since who waits for a result then ends the server

    def _find(self) -> Item:
        path = self.path.partition("?")[0]
        if item := self.server.content.open.get(path):
            return item
        _, name = self._under_token()
        if item := self.server.content.private.get(name):
            return item
        raise _Refused(HTTPStatus.NOT_FOUND, "there is no such file")

    def _under_token(self) -> tuple[Link, str]:
        """The current link and what is asked for under it."""
        link = self.server.link
        token, _, name = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), link.token.encode()):
            raise _Refused(
                HTTPStatus.FORBIDDEN,
                "this link is not, or no longer, valid: open the one that the terminal shows now",
            )
        return link, name

    def _accept(self, link: Link) -> Result:
        job = self.server.content.job
        body = self._body(largest_result(job))
        with link.lock:
            if link.used:
                raise _Refused(HTTPStatus.CONFLICT, "this link has given its result already; open a new one")
            try:
                result = parse_result(body, job)
            except TPruneError as error:
                logger.warning("a result was refused: %s", error)
                raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
            link.used = True
        return result

    def _body(self, most: int) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "a request needs its Content-Length")
        if len(length) > len(str(most)) or int(length) > most:  # int() refuses thousands of digits
            raise _Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{length[:20]} bytes, more than the {most} that this can be",
            )
        return self.rfile.read(int(length))

    def _refuse(self, refused: _Refused) -> None:
        self.close_connection = True  # its body, if any, was not read
        body = json.dumps({"error": str(refused)}).encode()
        self._send(refused.status, body, "application/json")

    def _send_item(self, item: Item) -> None:
        caching = "public, max-age=31536000, immutable" if item.lasting else "no-cache"
        self._send(HTTPStatus.OK, item.body, item.media_type, caching)

    def _send(
        self, status: HTTPStatus, body: bytes | Path, media_type: str, caching: str = "no-store"
    ) -> None:
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        self.send_response(status)
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(size),
            "Cache-Control": caching,
            **HEADERS,
        }
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(body, bytes):
            self.wfile.write(body)
        else:
            with body.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


def _progress(body: bytes) -> Progress:
    try:
        record = json.loads(body)
        return Progress(
            int(record.get("done", 0)),
            int(record.get("total", 0)),
            bool(record.get("warming_up", False)),
            str(record.get("error", "")),
        )
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, f"not a progress report ({error})") from error
