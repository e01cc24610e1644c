"""How a rule's script ends, and what Snakemake makes of that."""

from pathlib import Path

import pytest

from tests.conftest import run_snakemake

SNAKEFILE = """
rule make:
    output: "made.txt"
    log: "make.log"
    script: "make.py"
"""
SCRIPT = """
from pathlib import Path
from tprune import errors, logs
logs.start(snakemake.log[0])
Path(snakemake.output[0]).touch()  # as another process that makes the same would
raise errors.{error}("what the user reads")
"""


@pytest.mark.parametrize(("error", "stays"), [("FinishedElsewhereError", True), ("TPruneError", False)])
def test_what_another_process_finished_is_not_deleted(tmp_path: Path, error: str, stays: bool) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "make.py").write_text(SCRIPT.format(error=error))
    printed = run_snakemake(tmp_path, "--cores", "1", check=False)
    assert (tmp_path / "made.txt").exists() == stays
    assert "Traceback" not in printed.partition("RuleException")[0]
    assert (tmp_path / "make.log").read_text().endswith(": what the user reads\n")
