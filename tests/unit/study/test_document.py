import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tprune.study import area, document, equal_latency, front, goals, points, text

DEVICE = {"cpu": "a processor", "engine": {"name": "ctranslate2", "version": "4"}}


def test_folder_holds_what_was_found_and_what_made_it(headline: pd.DataFrame, tmp_path: Path) -> None:
    table = points.build(headline)
    compared = equal_latency.build(table)
    tables = {
        "headline": headline,
        "areas": area.build(table),
        "equal_latency": compared,
        "goals": goals.build(table, compared, ["shs"]),
        "valid_loss": pd.DataFrame({"update": [100, 200], "valid_loss": [4.0, 3.5]}),
    }
    for name in ("points.csv", "trade_off.png"):
        (tmp_path / name).write_text(name)
    folder = tmp_path / "docs"
    configuration = {"shs": {"updates": 7}}
    files = [tmp_path / "points.csv", tmp_path / "trade_off.png"]
    settings = {"seed": 1, "shs": {"updates": 7, "lr": 0.1}}
    updates = {"control": 500, "shs": 500, "shs-long": 1200}
    made = document.Made("snakemake --cores all study", "0a1b2c", settings, configuration, DEVICE, updates)
    document.write(folder, files, tables, made)
    names = {path.name for path in folder.iterdir()}
    assert names == {"README.md", "config.yaml", "points.csv", "trade_off.png"}
    assert yaml.safe_load((folder / "config.yaml").read_text()) == settings
    page = (folder / "README.md").read_text()
    for needed in (
        "    snakemake --cores all study\n",
        "This page was written at revision 0a1b2c. ",
        "![trade off](trade_off.png)",
        "[points.csv](points.csv)",
        "updates: 7",
        "nrefs:1|case:mixed",
        "nc:6|nw:0",
        "engine.version: 4",
        "2.2x at no more than 3 % BLEU loss",
        "-12.5 %",
        "The control has 500 updates after the baseline, but shs-long 1,200: what these differ by",
    ):
        assert needed in page
    assert text.updates_text({"control": 500, "shs": 500}) == ""


def test_points_are_shown_with_their_spread_and_their_fronts(table: pd.DataFrame) -> None:
    marked = pd.concat([front.mark_fronts(points.compared(table, *each)) for each in points.settings(table)])
    page = text.points_text(marked)
    (line,) = [line for line in page.split("## int8")[0].splitlines() if "shs_0.01_3x" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("shs_0.01_3x", "3", "4.00 M", "18.00 ± 0.10", "-10.0 ± 0.5 %", "0.010-0.030"),
        *("36.00 ± 0.20", "6.7", "3.00x (2.91 to 3.09)", "all"),
    ]
    (line,) = [line for line in page.split("## int8")[0].splitlines() if "| magnitude_0.01_3x" in line]
    assert " 16.90 |" in line and line.rstrip(" |").endswith("own")


def test_command_names_files_as_others_find_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert document.command([]) == "snakemake --cores all study"
    files = ["config/study.yaml", tmp_path / "more.yaml", "/elsewhere/mine.yaml"]
    expected = "snakemake --cores all study --configfile config/study.yaml more.yaml mine.yaml"
    assert document.command(files) == expected


def test_revision_tells_of_changes_and_of_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert document.revision() is None
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "file").write_text("one")
    for command in (["init", "-q"], ["add", "file"], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)
    clean = document.revision()
    assert clean is not None and re.fullmatch("[0-9a-f]{12}", clean)
    (tmp_path / "file").write_text("two")
    assert document.revision() == f"{clean}-dirty"
