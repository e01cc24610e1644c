"""How a device other than this machine is reached and left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Serving:
    """How the page of kind browser is served: address and port to listen on, and for how long.

    `timeout`: seconds without a sign of life until the browser is given up. With the files `certificate` and
    `key` (PEM) it is served by https.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    timeout: int = 1800
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True)
class Access:
    """What every kind is given beside device and job.

    `keep`: what was copied to the device stays there. `connect_timeout`: seconds until a device that does
    not answer is given up. `ssh_config`: a file in place of the user's own, or "". `board_bundle`: where the
    aarch64 bundle is, if it was made, for a board without Python. `files`: the rule's inputs by name, for a
    kind that needs more than the models. `serving`: of kind browser.
    """

    keep: bool = False
    connect_timeout: int = 15
    ssh_config: str = ""
    board_bundle: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    serving: Serving = Serving()
