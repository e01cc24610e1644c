"""Programs that tests need beside Python's packages: absent, a test skips, but in CI it fails."""

import os
import shutil
from pathlib import Path

import pytest

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")  # where daemons are, which is not on every user's PATH


def need_program(name: str, package: str) -> str:
    """The path of the program `name`; where it is not installed the test is skipped, in CI it fails."""
    found = shutil.which(name) or next(
        (str(path) for folder in SYSTEM_FOLDERS if (path := Path(folder) / name).is_file()), None
    )
    if found is None:
        missing_part(name, f"Debian package {package}")
    return str(found)


def missing_part(name: str, source: str) -> None:
    """Skip the test for want of `name`, to be had from `source`; fail it in CI."""
    text = f"{name} is not installed ({source})"
    if os.environ.get("CI"):
        pytest.fail(f"{text}; in CI no test may be skipped")
    pytest.skip(text)
