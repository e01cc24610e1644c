"""The two environment files pin the same packages, each exactly."""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVS = Path(__file__).resolve().parents[2] / "envs"


def pins() -> list[str]:
    lines = (ENVS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_package_is_pinned_exactly_and_once() -> None:
    assert [line for line in pins() if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    names = [canonicalize_name(line.split("==")[0]) for line in pins()]
    assert len(names) == len(set(names))


def test_conda_carries_the_same_pins() -> None:
    conda = yaml.safe_load((ENVS / "tprune.yaml").read_text(encoding="utf-8"))
    python, *_, pip = conda["dependencies"]
    assert python == "python=3.11"
    assert pip["pip"] == pins()


def test_the_pins_are_what_is_installed() -> None:
    def installed(name: str) -> str:
        try:
            # The build of torch, as +cpu, is the machine's choice.
            return version(name).split("+")[0]
        except PackageNotFoundError:
            return "not installed"

    different = {line: installed(line.split("==")[0]) for line in pins()}
    assert {line: found for line, found in different.items() if line.split("==")[1] != found} == {}


@pytest.mark.parametrize("requirement", requires("tprune") or [])
def test_the_pins_satisfy_the_package(requirement: str) -> None:
    needed = Requirement(requirement)
    pinned = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in pins()}
    assert pinned[canonicalize_name(needed.name)] in needed.specifier
