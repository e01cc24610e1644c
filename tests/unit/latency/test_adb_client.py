"""What the adb client says, in the words of the real one; the real one runs in tests/devices."""

from pathlib import Path

import pytest

from tprune.errors import TPruneError
from tprune.latency.adb_client import Adb, connect

LISTED = "List of devices attached\n"


@pytest.fixture
def adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a program `adb` first on the PATH that answers with the script given."""

    def make(script: str) -> None:
        program = tmp_path / "adb"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ("", "no device among the devices that adb sees: none. Is it plugged in"),
        ("R58M\tunauthorized\n", r"R58M \(adb\) is `unauthorized`: unlock it and allow this computer"),
        ("R58M\toffline\n", r"R58M \(adb\) is `offline`: unlock it, unplug it"),
        ("R58M\tno permissions (user in plugdev group); see [x]\n", "may not open the USB device"),
        ("R58M\trecovery\n", "recovery mode: start it normally"),
        (
            "R58M\tdevice\nemulator-5554\toffline\n",
            r"several devices are connected: R58M \(device\), em",
        ),
    ],
)
def test_a_device_that_is_not_ready_says_what_to_do(adb, devices: str, expected: str) -> None:
    adb(f"printf '{LISTED}{devices}\n'")
    with pytest.raises(TPruneError, match=expected):
        connect("", 2)


def test_a_device_that_becomes_ready_is_waited_for(adb, tmp_path: Path) -> None:
    adb(
        f"if [ -e {tmp_path}/asked ]; then state=device; else state=offline; touch {tmp_path}/asked; fi\n"
        f"printf '{LISTED}R58M\t%s\n' $state"
    )
    assert connect("R58M", 10).serial == "R58M"


def test_adb_connect_is_believed_by_its_text_only(adb) -> None:
    adb("echo \"failed to connect to '10.0.0.7:5555': Connection timed out\"")
    with pytest.raises(TPruneError, match=r"`adb connect` failed \(failed to connect .*adb tcpip 5555"):
        connect("10.0.0.7:5555", 1)


def test_a_device_in_the_network_that_is_not_authorised_says_so(adb) -> None:
    adb(
        'if [ "$1" = connect ]; then echo "failed to authenticate to 10.0.0.7:5555"; exit 0; fi\n'
        f"printf '{LISTED}10.0.0.7:5555\tunauthorized\n'"
    )
    with pytest.raises(TPruneError, match="is `unauthorized`: unlock it and allow this computer"):
        connect("10.0.0.7:5555", 2)


def test_without_adb_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TPruneError, match=r"no `adb` on this machine.*the package adb"):
        connect("", 1)


def test_a_command_that_did_not_say_its_status_is_lost(adb) -> None:
    adb("echo half; exit 0")
    with pytest.raises(TPruneError, match=r"R58M .*does not answer: half. Check cable or network"):
        Adb("R58M", 5).shell("cat file")
    with pytest.raises(TPruneError, match="it was lost while the command ran"):
        Adb("R58M", 5).follow("cat file", print)


def test_a_failed_command_tells_its_own_words(adb) -> None:
    adb('for script; do :; done; sh -c "$script"')  # the last argument, as the device's shell runs it
    assert Adb("R58M", 5).shell("echo a b; exit 3", check=False) == (3, "a b\n")
    with pytest.raises(TPruneError, match=r"`ls /nowhere` failed: .*No such file"):
        Adb("R58M", 5).shell("ls /nowhere")
    lines: list[str] = []
    status, errors = Adb("R58M", 5).follow("echo one; printf two; echo three >&2; exit 4", lines.append)
    assert (status, errors, lines) == (4, "three", ["one", "two"])


def test_a_command_that_hangs_ends_with_the_time_limit(adb) -> None:
    adb("exec sleep 60")
    with pytest.raises(TPruneError, match="`adb shell` took more than 1 s"):
        Adb("R58M", 1).shell("true")


def test_what_holds_on_ends_with_the_block(adb, tmp_path: Path) -> None:
    adb('for script; do :; done; exec sh -c "$script"')
    with Adb("R58M", 5).holding(f"echo ready; cat >/dev/null; touch {tmp_path}/cleaned") as said:
        assert said == "ready" and not (tmp_path / "cleaned").exists()
    assert (tmp_path / "cleaned").exists()
