"""The smoke run end to end, its tables checked."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import JOB, SMOKE, TRAINING, run_snakemake
from tprune.lines.selection import Selection
from tprune.model.architecture import Architecture

MODELS = ["baseline", "control", "shs_0.05_0.5", "shs_0.05_0.9", "magnitude_0_0.9"]
COLUMNS = [
    "model", "method", "strength", "threshold", "requested_speedup", "repeat", "dtype", "beam", "params",
    "bleu", "bleu_change_percent",
    "chrf", "p_value", "latency_ms", "speedup", "speedup_low", "speedup_high", "condition",
]  # fmt: skip


@pytest.fixture(scope="module")
def results(smoke_run: Path) -> Path:
    return smoke_run / "results/smoke"


@pytest.fixture(scope="module")
def headline(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "tables/headline.csv")


def test_every_model_has_a_row_per_dtype_and_beam(headline: pd.DataFrame) -> None:
    rows = headline[["model", "dtype", "beam"]].apply(tuple, axis=1)
    expected = {(model, dtype, beam) for model in MODELS for dtype in ("float32", "int8") for beam in (1, 2)}
    assert set(rows) == expected and len(rows) == len(expected)
    assert set(COLUMNS) <= set(headline.columns)


def test_the_control_is_the_reference(headline: pd.DataFrame) -> None:
    control = headline[headline["model"] == "control"]
    assert (control[["speedup", "speedup_low", "speedup_high"]] == 1).all(axis=None)
    assert (control["bleu_change_percent"].fillna(0) == 0).all() and control["p_value"].isna().all()
    others = headline[headline["model"] != "control"]
    assert (
        others["speedup_low"].le(others["speedup"]).all()
        and others["speedup"].le(others["speedup_high"]).all()
    )
    assert others["latency_ms"].gt(0).all()


def test_magnitude_has_the_sizes_of_the_shs_point_it_matches(results: Path, headline: pd.DataFrame) -> None:
    params = headline.drop_duplicates("model").set_index("model")["params"]
    assert params["magnitude_0_0.9"] == params["shs_0.05_0.9"] < params["control"] == params["baseline"]
    folders = [
        results / "prune" / f"method~{m}/threshold~0.9/speedup~0/repeat~1"
        for m in ("shs/strength~0.05", "magnitude/strength~0")
    ]
    shs, magnitude = (Selection.read(folder / "lines.json") for folder in folders)
    assert [len(s.kept[0]) for s in shs.sets] == [len(s.kept[0]) for s in magnitude.sets]


def test_the_baselines_valid_loss_is_followed(results: Path) -> None:
    curve = pd.read_csv(results / "baseline/valid_loss.csv")
    assert curve["update"].tolist() == [30]  # less than an epoch: the end alone
    assert curve["valid_loss"].between(1, 8).all()


def test_compaction_was_checked_on_every_model(results: Path) -> None:
    checks = [
        json.loads(path.read_text())
        for path in sorted(results.glob("compact/method~*/strength~*/*/*/*/check.json"))
    ]
    assert len(checks) == len(MODELS) and all(check["ties"] == 0 for check in checks)
    pruned = list(results.glob("compact/method~shs/*/*/*/*/model.json"))
    assert len(pruned) == 2
    for path in pruned:
        selection = Selection.read(
            str(path).replace("/compact/", "/prune/").replace("model.json", "lines.json")
        )
        layers = Architecture.read(path).stacks
        for chosen in selection.sets:
            if chosen.kind == "ffn":
                assert layers[chosen.stack].layers[chosen.layer].ffn_dim == len(chosen.kept[0])


def test_lines_died_in_the_sweep_more_of_them_at_more_strength(results: Path) -> None:
    dead = pd.read_csv(results / "sparsity_profile/lines.csv").groupby("strength")["dead"].sum()
    assert list(dead.index) == [8, 16] and 0 < dead[16] > dead[8]


def test_every_stage_has_a_cost(results: Path) -> None:
    stages = set(pd.read_csv(results / "tables/stage_cost.csv")["stage"])
    assert {"corpus", "baseline", "bssl", "shs", "prune", "compact", "evaluate", "latency"} <= stages


def test_every_sample_of_the_timing_is_kept(results: Path) -> None:
    samples = pd.read_csv(results / "latency/local/samples.csv")
    assert len(samples) == len(MODELS) * 2 * 2 * 2 * 4  # dtypes, beams, lengths, sentences
    assert {"own", "forced"} == set(samples["length"])


def test_the_report_is_one_file_that_stands_alone(smoke_run: Path) -> None:
    run_snakemake(smoke_run, "all", "--cores", "2", "--report", "report.html", *SMOKE)
    page = (smoke_run / "report.html").read_text()
    assert "trade_off" in page and "headline" in page
    assert 'src="http' not in page


def test_rivals_come_into_the_same_tables_and_stay_for_the_study(smoke_copy: Path) -> None:
    run_snakemake(smoke_copy, "rivals", "--cores", "2", *SMOKE)
    table = smoke_copy / "results/smoke/tables/headline.csv"
    rivals = {"group_lasso_0.5_0.9", "scratch-shallow", "shs-narrow_0.05_0.9"}
    assert {*MODELS, *rivals} == set(pd.read_csv(table)["model"])
    narrow = (
        smoke_copy / "results/smoke/compact/method~shs-narrow/strength~0.05/threshold~0.9/speedup~0/repeat~1"
    )
    assert Architecture.read(narrow / "model.json").d_model == 24
    # The model from scratch learned from the control's translations of the training text.
    sources, taught, references = (
        (smoke_copy / "results/smoke" / path).read_text().splitlines()
        for path in ("distillation/train.src", "distillation/train.tgt", "corpus/encoded/train.tgt")
    )
    assert len(sources) == len(taught) > 0 and all(taught) and not set(taught) & set(references)
    assert "Nothing to be done" in run_snakemake(smoke_copy, "all", "--cores", "2", *SMOKE)
    (smoke_copy / "rate.yaml").write_text("scratch: {shallow: {lr: 0.003}}\n")
    printed = run_snakemake(smoke_copy, "rivals", "-n", "--cores", "2", *SMOKE, "rate.yaml")
    planned = {rule for rule, _ in JOB.findall(printed)}
    assert planned & TRAINING == {"scratch"}, "a rate of its own"
    study = smoke_copy / "results/smoke/study"
    printed = run_snakemake(smoke_copy, "study", "--cores", "2", *SMOKE)
    rules = set(re.findall(r"\(Rule: (\w+)\)", printed))
    study_rules = {"study_points", "study_comparison", "study_figures", "widths_table", "study_docs", "study"}
    assert rules == study_rules, "only the study's own rules"
    points = pd.read_csv(study / "points.csv")
    # SHS in another width is of SHS's family; a model from scratch with a teacher is not of those without.
    families = {"baseline", "control", "shs", "magnitude", "group_lasso", "scratch_taught"}
    assert set(points["family"]) == families
    assert "shs-narrow" in set(points["method"])
    page = (study / "docs/README.md").read_text()
    assert "snakemake --cores all study --configfile config/smoke.yaml" in page
    assert len(list((study / "docs").glob("trade_off_*.png"))) == len(points.groupby(["dtype", "beam"]))
