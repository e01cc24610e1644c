import subprocess

import pytest

from tprune.latency.ssh_client import keeper_script, split_address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("pi", ("pi", "")),
        ("me@pi.local", ("me@pi.local", "")),
        ("me@192.168.0.7:2222", ("me@192.168.0.7", "2222")),
        ("fe80::1", ("fe80::1", "")),
        ("me@[fe80::1]:22", ("me@fe80::1", "22")),
        ("[fe80::1]", ("fe80::1", "")),
    ],
)
def test_a_port_is_split_off(address: str, expected: tuple[str, str]) -> None:
    assert split_address(address) == expected


@pytest.mark.parametrize("keep", [True, False])
def test_the_keepers_script_is_plain_shell(keep: bool) -> None:
    done = subprocess.run(["sh", "-n"], input=keeper_script("root", keep), text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
