"""The rows of the models that are compared."""

from tprune.config import load_settings
from tprune.config.baseline import Baseline
from tprune.config.grid import label, matched_strength, model_grid, penalised_grid, rival_grid, target_grid
from tprune.config.methods import (
    method_of,
    narrowed_widths,
    other_widths,
    penalised_by_shs,
    taught_scratch,
)
from tprune.tables.points import Point

SETTINGS = load_settings(
    {
        "shs": {"strengths": [0.00001, 0.01]},
        "prune": {"thresholds": [0.2, 0.35]},
        "magnitude": {"matches": [{"strength": 0.00001, "threshold": 0.35}]},
        "group_lasso": {"strengths": [1], "thresholds": [0.5]},
        "scratch": {"shallow": {}, "narrow": {}},
    },
    "test",
)


def rows(grid: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [tuple(point.values()) for point in grid]


def test_rows_of_all() -> None:
    assert rows(model_grid(SETTINGS)) == [
        ("baseline", "0", "0", "0", "1"),
        ("control", "0", "0", "0", "1"),
        ("shs", "1e-05", "0.2", "0", "1"),
        ("shs", "1e-05", "0.35", "0", "1"),
        ("shs", "0.01", "0.2", "0", "1"),
        ("shs", "0.01", "0.35", "0", "1"),
        ("magnitude", "0", "0.35", "0", "1"),
    ]


def test_rivals_are_added_to_all() -> None:
    every = rows(rival_grid(SETTINGS))
    assert every[:7] == rows(model_grid(SETTINGS))
    assert every[7:] == [
        ("group_lasso", "1", "0.5", "0", "1"),
        ("scratch-shallow", "0", "0", "0", "1"),
        ("scratch-narrow", "0", "0", "0", "1"),
    ]


def test_a_target_is_chosen_among_the_control_and_every_strength_at_the_widths_asked_for() -> None:
    assert rows(target_grid(SETTINGS, [("shs", 1.5), ("shs-d160", 2.3)])) == [
        ("control", "0", "0", "0", "1"),
        ("shs", "1e-05", "0", "1.5", "1"),
        ("shs-d160", "1e-05", "0", "2.3", "1"),
        ("shs", "0.01", "0", "1.5", "1"),
        ("shs-d160", "0.01", "0", "2.3", "1"),
    ]


def test_requested_speedups_repeats_and_ablations() -> None:
    settings = load_settings(
        {
            "shs": {"strengths": [0.01]},
            "prune": {"thresholds": [], "speedups": [1.5, 2]},
            "magnitude": {"matches": []},
            "group_lasso": {"strengths": [1], "thresholds": []},
            "scratch": {"narrow": {}},
            "ablations": {
                "equal": {"relative_strengths": "equal", "score": "norm", "thresholds": [0.3]},
                "plain": {"distillation": 0.25, "fine_tuning_updates": 7, "lr": 0.5, "dropout": 0.0},
                "two": {"decoder_layers": 2, "sequence_distillation": True, "thresholds": []},
            },
            "own_speedups": {"shs-equal": [3], "random": [2, 4], "shs-two": [4], "magnitude_matched": [2]},
            "repeats": {"shs": 2, "scratch-narrow": 2},
        },
        "test",
    )
    every = [Point(**point).model for point in rival_grid(settings)]
    assert every == [
        *("baseline", "control", "shs_0.01_1.5x", "shs_0.01_1.5x_r2", "shs_0.01_2x", "shs_0.01_2x_r2"),
        *("magnitude_0_1.5x", "magnitude_0_2x", "group_lasso_1_1.5x", "group_lasso_1_2x"),
        *("taylor_0_1.5x", "taylor_0_2x", "magnitude_matched_0_2x"),
        *("random_0_2x", "random_0_4x", "heads_0_1.5x", "heads_0_2x"),
        *("shs-equal_0.01_0.3", "shs-equal_0.01_3x"),
        *("shs-plain_0.01_1.5x", "shs-plain_0.01_2x", "shs-two_0.01_4x"),
        *("scratch-narrow", "scratch-narrow_r2"),
    ]
    # An ablation of fine-tuning alone is pruned from SHS's own penalised model.
    assert rows(penalised_grid(settings)) == [
        *(("magnitude", "0", "1"), ("shs", "0.01", "1"), ("shs", "0.01", "2")),
        *(("group_lasso", "1", "1"), ("shs-equal", "0.01", "1")),
    ]
    held = settings.model_copy(update={"repeated_speedups": [2]})
    repeated = [Point(**point).model for point in rival_grid(held) if point["repeat"] == "2"]
    assert repeated == ["shs_0.01_2x_r2", "scratch-narrow_r2"]
    plain = method_of(settings, "shs-plain")
    assert (plain.distillation, plain.fine_tuning_updates, plain.lr, plain.dropout) == (0.25, 7, 0.5, 0)
    assert method_of(settings, "shs").dropout is None
    assert [method_of(settings, name).score for name in ("shs", "shs-equal", "magnitude", "taylor")] == [
        *("taylor", "norm", "norm", "taylor")
    ]
    assert method_of(settings, "shs-equal").fine_tuning_updates == settings.prune.fine_tuning_updates
    assert method_of(settings, "control").distillation == 0
    assert [method_of(settings, name).decoder_layers for name in ("shs", "shs-two")] == [None, 2]
    assert [method_of(settings, name).sequence_distillation for name in ("shs", "shs-two")] == [False, True]


def test_a_narrowed_model_has_a_penalised_one_of_its_own() -> None:
    ablations = {
        name: {"d_model": width, "thresholds": [0.5]} for name, width in (("slim", 96), ("wide", 224))
    }
    settings = load_settings(
        {"shs": {"strengths": [0.01]}, "magnitude": {"matches": []}, "ablations": ablations}, "test"
    )
    assert narrowed_widths(settings) == [96, 224]
    both = {**ablations, "longer": {"d_model": 96, "fine_tuning_updates": 7}, "equal": {"score": "norm"}}
    assert other_widths(settings.model_copy(update={"ablations": {}})) == []
    of_both = load_settings({"magnitude": {"matches": []}, "ablations": both}, "test")
    assert other_widths(of_both) == ["shs-slim", "shs-wide"]
    names = ("shs", "taylor", "shs-slim", "shs-wide")
    assert [method_of(settings, name).d_model for name in names] == [None, None, 96, 224]
    penalised = [row[0] for row in rows(penalised_grid(settings))]
    assert penalised == ["magnitude", "shs", "group_lasso", "shs-slim", "shs-wide"]
    narrow = load_settings({"shs": {"d_model": 64}, "magnitude": {"matches": []}}, "test")
    assert [method_of(narrow, name).d_model for name in ("shs", "control", "magnitude")] == [64, None, None]
    assert narrowed_widths(narrow) == [64]


def test_a_method_without_a_threshold_may_alone_be_asked_for_a_speedup() -> None:
    settings = load_settings({"own_speedups": {"random": [2]}, "repeats": {"random": 2}}, "test")
    points = [Point(**point).model for point in rival_grid(settings) if point["method"] == "random"]
    assert points == ["random_0_2x", "random_0_2x_r2"]


def test_an_ablation_without_a_penalty_has_strength_0_and_its_own_model_only_where_it_is_narrowed() -> None:
    ablations = {
        "free": {"penalty": "none", "thresholds": []},
        "slimfree": {"penalty": "none", "d_model": 96, "thresholds": [0.5]},
        "slim": {"penalty": "shs", "d_model": 96, "thresholds": []},
    }
    value = {"magnitude": {"matches": []}, "ablations": ablations, "own_speedups": {"shs-free": [2]}}
    settings = load_settings(value, "test")
    free = [Point(**point).model for point in rival_grid(settings) if "free" in point["method"]]
    assert free == ["shs-free_0_2x", "shs-slimfree_0_0.5"]
    unpenalised = [row for row in rows(penalised_grid(settings)) if row[1] == "0"]
    assert unpenalised == [("magnitude", "0", "1"), ("shs-slimfree", "0", "1")]
    penalties = {name: method_of(settings, f"shs-{name}").penalty for name in ablations}
    assert penalties == {"free": None, "slimfree": None, "slim": "shs"}
    assert method_of(settings, "shs-free").penalised == "magnitude"
    assert method_of(settings, "shs-free").score == method_of(settings, "shs").score
    assert other_widths(settings) == ["shs-slim"]
    assert penalised_by_shs(settings) == ["shs", "shs-slim"]


def test_models_from_scratch_have_a_teacher_each_or_none() -> None:
    kinds = {"none": {}, "words": {"distillation": 0.5}, "more": {"distillation": 0.5, "lr": 0.01}}
    assert taught_scratch(load_settings({"scratch": kinds}, "test")) == ["scratch-words", "scratch-more"]
    text = load_settings({"scratch": {"none": {}, "text": {"sequence_distillation": True}}}, "test")
    assert taught_scratch(text) == ["scratch-text"]


def test_the_control_is_never_distilled() -> None:
    settings = load_settings({"prune": {"distillation": 0.5, "sequence_distillation": True}}, "test")
    told = {
        name: (method_of(settings, name).distillation, method_of(settings, name).sequence_distillation)
        for name in ("control", "shs", "magnitude", "heads")
    }
    assert told == {"control": (0, False), **dict.fromkeys(("shs", "magnitude", "heads"), (0.5, True))}


def test_a_given_checkpoint_leaves_nothing_to_train_from_scratch() -> None:
    given = SETTINGS.model_copy(update={"baseline": Baseline(checkpoint="model.pt")})
    assert rows(rival_grid(given)) == [*rows(model_grid(SETTINGS)), ("group_lasso", "1", "0.5", "0", "1")]


def test_runs_with_and_without_a_penalty() -> None:
    assert rows(penalised_grid(SETTINGS)) == [
        ("magnitude", "0", "1"),
        ("shs", "1e-05", "1"),
        ("shs", "0.01", "1"),
        ("group_lasso", "1", "1"),
    ]


def test_magnitude_follows_the_matched_point() -> None:
    assert matched_strength(SETTINGS, "0.35") == "1e-05"


def test_labels_read_back_as_the_same_number() -> None:
    assert [float(label(value)) for value in (0.003, 0.35, 1e-5, 1.0)] == [0.003, 0.35, 1e-5, 1.0]
