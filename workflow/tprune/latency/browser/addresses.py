"""Where a browser finds the page: its address, as text and as a QR code."""

import io
import socket

import segno

from tprune.latency.browser.server import PageServer

_ANY = ("0.0.0.0", "::", "")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def page_url(server: PageServer) -> str:
    """The current link; for a server that listens on all addresses, by this machine's in the network."""
    host = server.host
    if host in _ANY:
        host = network_address()
    elif host in _LOOPBACK:
        host = "localhost"
    return f"{server.scheme}://{host}:{server.port}/{server.link.token}/"


def network_address() -> str:
    """This machine's address towards the outside; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return "localhost"


def invitation(server: PageServer, threads: int) -> str:
    """What to tell a person at the terminal: the link, its QR code, and what it takes to get `threads`."""
    url = page_url(server)
    drawing = io.StringIO()
    segno.make(url, error="l").terminal(drawing, compact=True, border=2)
    text = f"Open this page on the device to measure:\n\n  {url}\n\n{drawing.getvalue()}\n"
    local = server.host in _LOOPBACK
    if local:
        text += (
            "It listens on this machine only; for a phone serve it on 0.0.0.0 (devices.page_host, --host).\n"
        )
    elif server.scheme == "http" and threads > 1:
        text += (
            f"By plain http a browser gives the page 1 thread, not {threads}: serve it by https, with a "
            "certificate and key, or through `adb reverse` as http://localhost.\n"
        )
    return text
