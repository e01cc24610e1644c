"""A headless Chromium that a test drives over the pipe of its DevTools protocol."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tprune.latency.browser.opening import BROWSERS, FLAGS

PATIENCE = 60.0  # seconds


class Page:
    """The one page of a browser; what it said in its console is in `said`."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = os.fdopen(to_browser, "wb", buffering=0)
        self._from = os.fdopen(from_browser, "rb")
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.said: list[str] = []

    def open(self, url: str, width: int = 412, height: int = 915) -> None:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = session
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=True
        )
        self.ask("Page.navigate", url=url)
        self.wait_for("location.href != 'about:blank' && document.readyState == 'complete'")

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result; events on the way are noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if answer.get("method") in (
                "Runtime.exceptionThrown",
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
            ):
                self.said.append(json.dumps(answer["params"]))

    def _read(self) -> Any:
        text = bytearray()
        while (byte := self._from.read(1)) != b"\0":
            assert byte, "the browser ended"
            text += byte
        return json.loads(text)

    def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        result = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script: str, patience: float = PATIENCE) -> Any:
        """Wait until an expression is true, and return it."""
        end = time.monotonic() + patience
        while not (value := self.evaluate(script)):
            shown = self.evaluate("document.body?.innerText")
            assert time.monotonic() < end, f"{script} never came true; the page shows:\n{shown}\n{self.said}"
            time.sleep(0.1)
        return value

    def type(self, selector: str, text: str) -> None:
        """Replace what stands in a field, as by a keyboard."""
        self.evaluate(f"document.querySelector('{selector}').focus()")
        self.evaluate("document.activeElement.select()")
        self.ask("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click the middle of an element."""
        place = self.evaluate(
            f"""(() => {{ const at = document.querySelector('{selector}'); at.scrollIntoView();
            const box = at.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    def screenshot(self, path: Path, whole: bool = True) -> None:
        image = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(image["data"]))


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """Start a browser with a new profile in the folder `profile`; end it with the block."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    # The browser reads descriptor 3 and writes 4.
    script = f'exec 3<&{commands_out} 4>&{answers_in}; exec "$0" "$@"'
    arguments = [program, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    with subprocess.Popen(
        ["bash", "-c", script, *arguments],
        pass_fds=(commands_out, answers_in),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(commands_out)
        os.close(answers_in)
        try:
            yield Page(commands_in, answers_out)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
