"""Editing one key re-runs exactly what depends on it: read off dry runs after a finished smoke run."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import JOB, SMOKE, TRAINING, run_snakemake

TABLES = {"headline_table", "stage_cost_table", "summary_page", "lines_table", "weak_penalty_table"}
FIGURES = {
    "trade_off_figure",
    "profile_figures",
    "line_norms_figure",
    "latency_budget_figure",
    "stage_cost_figure",
}
TIMING = {"latency_local", "latency_summary", "latency_budget", "costs"}
AFTER_PRUNING = {"compact", "translate", "score", *TIMING, *TABLES, *FIGURES}


def jobs_after(folder: Path, **edits: object) -> dict[str, int]:
    """The jobs of a dry run after the edits, by rule."""
    override = folder / "override.yaml"
    override.write_text(yaml.safe_dump(edits))
    printed = run_snakemake(folder, "all", "-n", "--cores", "2", *SMOKE, str(override))
    found = {rule: int(count) for rule, count in JOB.findall(printed)}
    return {rule: count for rule, count in found.items() if rule not in ("all", "total")}


def test_nothing_edited_nothing_to_do(smoke_run: Path) -> None:
    assert jobs_after(smoke_run) == {}


def test_progress_lines_and_checkpoints_rerun_nothing(smoke_run: Path) -> None:
    assert jobs_after(smoke_run, training={"log_interval": 3, "checkpoint_interval": 7}) == {}
    assert jobs_after(smoke_run, training={"label_smoothing": 0.2}).keys() & TRAINING, "other keys do"


def test_a_threshold_reruns_pruning_and_what_follows(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, prune={"thresholds": [0.6, 0.9]})
    assert jobs.keys() & TRAINING == {"prune"}
    assert jobs["select_lines"] == jobs["prune"] == jobs["compact"] == 1
    assert set(jobs) <= {"select_lines", "prune", *AFTER_PRUNING}
    assert {"latency_local", "headline_table", "trade_off_figure"} <= set(jobs)
    assert "profile_figures" not in jobs and "latency_budget" not in jobs


def test_a_width_narrows_the_baseline_and_leaves_what_is_not_shs_alone(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, shs={"d_model": 24}, magnitude={"matches": []})
    assert jobs.keys() & TRAINING == {"shs", "prune"}
    assert jobs["narrow"] == jobs["shs"] == 1 and jobs["prune"] == jobs["select_lines"] == 2
    assert set(jobs) <= {"narrow", "shs", "select_lines", "prune", *AFTER_PRUNING}


def test_an_shs_strength_leaves_baseline_and_bssl_alone(smoke_run: Path) -> None:
    edits = {"shs": {"strengths": [0.06]}, "magnitude": {"matches": [{"strength": 0.06, "threshold": 0.9}]}}
    jobs = jobs_after(smoke_run, **edits)
    assert jobs.keys() & TRAINING == {"shs", "prune"}
    # Both thresholds of the new strength, and magnitude matched to it; the continuation stays.
    assert jobs["shs"] == 1 and jobs["prune"] == 3
    assert "sparsity_profile" not in jobs


def test_a_bssl_strength_reruns_one_sweep_run_and_what_the_profile_reaches(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, bssl={"strengths": [8.0, 20.0]})
    assert jobs["bssl"] == 1 and jobs["sparsity_profile"] == 1
    assert jobs["shs"] == 1, "training on without a penalty takes nothing from the profile"
    assert jobs.keys() & TRAINING == {"bssl", "shs", "prune"}
    assert not jobs.keys() & {"encode", "binarise", "subword_model"}


def test_the_latency_beam_decodes_and_times_again_and_makes_no_model(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, latency={"beams": [1, 3]})
    assert set(jobs) <= {"translate", "score", *TIMING, *TABLES, *FIGURES}
    assert set(jobs) >= {"translate", "score", *TIMING, "headline_table"}


def test_a_device_as_target_is_timed_again_although_samples_are_there(smoke_run: Path) -> None:
    printed = run_snakemake(smoke_run, "latency_local", "-n", "--cores", "2", *SMOKE)
    assert dict(JOB.findall(printed)) == {"latency_local": "1", "total": "1"}
    printed = run_snakemake(smoke_run, "all", "latency_local", "-n", "--cores", "2", *SMOKE)
    assert {"latency_local", "latency_summary", "headline_table"} <= dict(JOB.findall(printed)).keys()


def test_a_new_device_is_timed_and_the_others_are_left_alone(smoke_copy: Path) -> None:
    with (smoke_copy / "config/devices.tsv").open("a", encoding="utf-8") as sheet:
        sheet.write("two\tlocal\t\t\t2\t1\tint8\tboth cores\n")
    jobs = jobs_after(smoke_copy)
    assert jobs["latency_two"] == jobs["latency_summary"] == jobs["headline_table"] == 1
    assert set(jobs) <= {"latency_two", "latency_summary", *TABLES, *FIGURES}


def test_a_plot_option_reruns_figures_only(smoke_run: Path) -> None:
    assert set(jobs_after(smoke_run, figures={"dpi": 61})) == FIGURES


def test_the_seed_reruns_all_training(smoke_run: Path) -> None:
    assert {"baseline", "bssl", "shs", "prune"} <= set(jobs_after(smoke_run, seed=2))


@pytest.mark.parametrize("target", ["all", "rivals"])
@pytest.mark.parametrize("config", ["config/config.yaml", "config/smoke.yaml"])
def test_every_shipped_config_has_a_plan(fresh_tree, target: str, config: str) -> None:
    printed = run_snakemake(fresh_tree(), target, "-n", "--cores", "2", "--configfile", config)
    jobs = {rule: int(count) for rule, count in JOB.findall(printed)}
    assert jobs["headline_table"] == 1
    assert ("scratch" in jobs) == (target == "rivals")


@pytest.mark.parametrize(
    ("choice", "before"), [("equal", set()), ("cost", {"latency_budget", "cost_strengths"})]
)
def test_weights_per_set_are_made_before_the_penalty(
    fresh_tree: Callable[[], Path], choice: str, before: set[str]
) -> None:
    folder = fresh_tree()
    (folder / "override.yaml").write_text(yaml.safe_dump({"shs": {"relative_strengths": choice}}))
    target = "results/smoke/shs/method~shs/strength~0.05/repeat~1/model.safetensors"
    printed = run_snakemake(folder, target, "-n", "--cores", "2", *SMOKE, "override.yaml")
    jobs = {rule for rule, _ in JOB.findall(printed)}
    assert jobs & {"bssl", "sparsity_profile", "latency_budget", "cost_strengths"} == before


def test_distillation_waits_for_the_control_and_retrains_the_pruned_only(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, prune={"distillation": 0.5})
    assert jobs.keys() & TRAINING == {"prune"}
    override = str(smoke_run / "override.yaml")
    model = "results/smoke/prune/method~{}/strength~{}/threshold~{}/speedup~0/repeat~1/model.safetensors"
    for point, tuned in (
        (("shs", "0.05", "0.5"), ["control", "shs"]),
        (("control", "0", "0"), ["control"]),
    ):
        arguments = ["-n", "--forceall", "--cores", "2", *SMOKE, override]
        printed = run_snakemake(smoke_run, model.format(*point), *arguments)
        assert re.findall(r"Fine-tuning (\w+) of", printed) == tuned


def test_dropout_retrains_the_control_too(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, prune={"dropout": 0.2})
    assert jobs.keys() & TRAINING == {"prune"}
    # SHS at two thresholds, magnitude, the control.
    assert jobs["prune"] == 4


def test_sequence_distillation_translates_once_and_retrains_the_pruned_only(smoke_run: Path) -> None:
    jobs = jobs_after(smoke_run, prune={"sequence_distillation": True})
    assert jobs.keys() & TRAINING == {"prune"}
    assert jobs["translate_training_text"] == jobs["binarise_translations"] == 1
    # SHS at two thresholds and magnitude; the control is as it was.
    assert jobs["prune"] == 3 and set(jobs) <= {
        "translate_training_text",
        "binarise_translations",
        "prune",
        *AFTER_PRUNING,
    }
    assert jobs_after(smoke_run, prune={"teacher_beam": 2}) == {}
