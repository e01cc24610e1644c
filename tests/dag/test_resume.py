"""What a killed Snakemake left behind is cleared by the next call, unless its run may still be alive."""

import base64
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_snakemake
from tprune.atomic import write_json, write_text
from tprune.training.process import read_processes, write_processes

LONG = "out/" + "/".join(["long" * 20] * 5) + "/file.txt"  # its mark is cut into folders
SNAKEFILE = f"""
include: "{ROOT}/workflow/rules/resume.smk"
onstart: put_on_record()
rule all:
    input: "out/plain.txt", "{LONG}"
rule make:
    output: "out/plain.txt", "{LONG}"
    shell: "for each in {{output}}; do echo new > $each; done"
"""


def mark_file(folder: Path, output: str) -> Path:
    """Where Snakemake marks the output as unfinished: FilePersistence._record_path."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    *first, last = [name[start : start + 254] for start in range(0, len(name), 254)]
    return folder.joinpath(".snakemake/incomplete", *(f"@{part}" for part in first), last)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A folder as a kill leaves it: outputs marked as unfinished, a directory among them, and the lock."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    for output in ("out/plain.txt", LONG, "data-bin/dict.txt"):
        write_text(tmp_path / output, "old")
    for output in ("out/plain.txt", LONG, "data-bin"):
        write_json(mark_file(tmp_path, output), {"external_jobid": None})
    write_text(tmp_path / ".snakemake/locks/0.output.lock", f"out/plain.txt\n{LONG}\n")
    return tmp_path


def owner(folder: Path, pid: int) -> Path:
    return folder / f".snakemake/tprune_owners/{pid}.json"


def put_gone_owner_on_record(folder: Path) -> None:
    """A process of this process's number, long ago."""
    write_processes(owner(folder, 1), [os.getpid()])
    write_json(owner(folder, 1), [{**each, "started": 1000.0} for each in read_processes(owner(folder, 1))])


def test_the_next_call_goes_on_and_makes_the_marked_outputs_anew(killed: Path) -> None:
    put_gone_owner_on_record(killed)
    write_text(owner(killed, 2), "{")
    run_snakemake(killed, "--cores", "1")
    assert {(killed / output).read_text() for output in ("out/plain.txt", LONG)} == {"new\n"}
    assert not (killed / "data-bin").exists()
    assert not [path for path in (killed / ".snakemake/incomplete").rglob("*") if path.is_file()]
    (record,) = owner(killed, 1).parent.iterdir()
    assert record.name == f"{read_processes(record)[0]['pid']}.json" and record.name not in (
        "1.json",
        "2.json",
    )


def test_nothing_is_cleared_while_another_run_is_alive(killed: Path) -> None:
    put_gone_owner_on_record(killed)
    write_processes(owner(killed, os.getpid()), [os.getpid()])
    assert "--rerun-incomplete" in run_snakemake(killed, "--cores", "1", check=False)
    assert (killed / LONG).read_text() == "old" and mark_file(killed, LONG).exists()
    assert owner(killed, 1).exists() and owner(killed, os.getpid()).exists()


def test_a_clusters_job_clears_nothing(killed: Path) -> None:
    """It reads the Snakefile in the middle of a run, whose Snakemake may have been killed meanwhile."""
    put_gone_owner_on_record(killed)
    run_snakemake(killed, "-n", "--cores", "1", "--mode", "remote", "--nolock", "--ignore-incomplete")
    assert (killed / LONG).read_text() == "old" and mark_file(killed, LONG).exists()
    assert owner(killed, 1).exists() and (killed / ".snakemake/locks/0.output.lock").exists()
