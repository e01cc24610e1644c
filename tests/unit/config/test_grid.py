"""The rows of the models that are compared."""

from tprune.config import load_settings
from tprune.config.baseline import Baseline
from tprune.config.grid import label, matched_strength, model_grid, penalised_grid, rival_grid

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
        ("baseline", "0", "0"),
        ("control", "0", "0"),
        ("shs", "1e-05", "0.2"),
        ("shs", "1e-05", "0.35"),
        ("shs", "0.01", "0.2"),
        ("shs", "0.01", "0.35"),
        ("magnitude", "0", "0.35"),
    ]


def test_rivals_are_added_to_all() -> None:
    every = rows(rival_grid(SETTINGS))
    assert every[:7] == rows(model_grid(SETTINGS))
    assert every[7:] == [
        ("group_lasso", "1", "0.5"),
        ("scratch-shallow", "0", "0"),
        ("scratch-narrow", "0", "0"),
    ]


def test_a_given_checkpoint_leaves_nothing_to_train_from_scratch() -> None:
    given = SETTINGS.model_copy(update={"baseline": Baseline(checkpoint="model.pt")})
    assert rows(rival_grid(given)) == [*rows(model_grid(SETTINGS)), ("group_lasso", "1", "0.5")]


def test_runs_with_and_without_a_penalty() -> None:
    assert rows(penalised_grid(SETTINGS)) == [
        ("magnitude", "0"),
        ("shs", "1e-05"),
        ("shs", "0.01"),
        ("group_lasso", "1"),
    ]


def test_magnitude_follows_the_matched_point() -> None:
    assert matched_strength(SETTINGS, "0.35") == "1e-05"


def test_labels_read_back_as_the_same_number() -> None:
    assert [float(label(value)) for value in (0.003, 0.35, 1e-5, 1.0)] == [0.003, 0.35, 1e-5, 1.0]
