"""A job that is tried again asks for more, but for no more time than queues give."""

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.conftest import SMOKE, run_snakemake
from tprune.config.runtime import LONGEST_MINUTES

SNAKEFILE = """
include: "Snakefile"
for name in ("mem_mb", "runtime"):
    asked = rules.bssl.rule.resources[name]
    print(name, *(asked.evaluate(None, attempt=attempt).value for attempt in (1, 2, 3)))
"""


def asked(folder: Path, updates: int) -> dict[str, list[int]]:
    """Memory and minutes of a job of bssl at its first, second and third attempt."""
    (folder / "changes.yaml").write_text(yaml.safe_dump({"bssl": {"updates": updates}}))
    (folder / "Printing").write_text(SNAKEFILE)
    printed = run_snakemake(folder, "-n", "--snakefile", "Printing", "--cores", "1", *SMOKE, "changes.yaml")
    lines = re.findall(r"^(mem_mb|runtime) (\d+) (\d+) (\d+)$", printed, re.MULTILINE)
    return {name: [int(number) for number in numbers] for name, *numbers in lines}


def test_a_short_training_asks_for_more_each_time(fresh_tree: Callable[[], Path]) -> None:
    for numbers in asked(fresh_tree(), 8).values():
        assert numbers == [numbers[0], 2 * numbers[0], 3 * numbers[0]]


def test_a_long_training_is_never_refused_for_its_time(fresh_tree: Callable[[], Path]) -> None:
    found = asked(fresh_tree(), 10_000_000)
    assert found["runtime"] == 3 * [LONGEST_MINUTES]
    assert found["mem_mb"][0] < found["mem_mb"][2]
