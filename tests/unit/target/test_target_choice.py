"""The target-driven choice: which speed-ups are tried, what is chosen, what is said where none meets it."""

import dataclasses
from pathlib import Path

import pytest

from tests.unit.small_sizes import dense_sizes
from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.latency.latency_model import LatencyModel
from tprune.latency.protocol import Sample, write_samples
from tprune.tables.points import Point
from tprune.target.choice import Measured, choose
from tprune.target.ladder import QUALITY_LADDER, greatest_speedup, ladder
from tprune.target.measured import control_milliseconds, gather
from tprune.target.report import choice_record, page, record

CONTROL, SLOW, FAST = Point("control"), Point("shs", "0.01", "0", "1.5"), Point("shs", "0.01", "0", "2")


def measured(model: str, speedup: float, change: float) -> Measured:
    ms = 20 / speedup
    return Measured(
        model=model,
        path=f"method~{model}",
        speedup=speedup,
        speedup_low=speedup - 0.1,
        speedup_high=speedup + 0.1,
        milliseconds=ms,
        milliseconds_low=ms - 1,
        milliseconds_high=ms + 1,
        valid_bleu=25 * (1 + change / 100),
        valid_bleu_change_percent=change,
    )


MODELS = [
    measured("control", 1.0, 0.0),
    measured("light", 1.4, -0.5),
    measured("middle", 1.7, -0.8),
    measured("other", 1.6, -2.0),
    measured("small", 2.5, -6.0),
]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("speedup", 1.5, "middle"),
        ("speedup", 1.7, "middle"),
        ("speedup", 2.0, "small"),
        ("milliseconds", 13.0, "middle"),
        ("milliseconds", 20.0, "control"),
        ("bleu_change_percent", -1.0, "middle"),
        ("bleu_change_percent", -0.6, "light"),
        ("bleu_change_percent", -50.0, "small"),
    ],
)
def test_the_best_of_those_that_meet_it(key: str, value: float, expected: str) -> None:
    assert choose(key, value, MODELS).model == expected


@pytest.mark.parametrize(
    ("key", "value", "nearest"),
    [("speedup", 2.6, "small"), ("milliseconds", 5.0, "small"), ("bleu_change_percent", -0.1, "light")],
)
def test_where_none_meets_it_the_nearest_is_named(key: str, value: float, nearest: str) -> None:
    with pytest.raises(TPruneError, match=rf"target.{key}: {value:g} asked.*nearest is {nearest}: .*To have"):
        choose(key, value, MODELS)


def test_a_ladder_begins_at_what_is_asked_and_goes_further_where_it_is_less_certain() -> None:
    near = ladder("speedup", 1.5, [], 5.0, predicted=True)
    far = ladder("speedup", 1.5, [], 5.0, predicted=False)
    assert near[0] == far[0] == 1.5 and 1.5 < near[-1] < far[-1]
    assert ladder("milliseconds", 10, [], 5.0, True, dense_ms=15) == near
    assert ladder("milliseconds", 16, [], 5.0, True, dense_ms=15) == []
    assert ladder("bleu_change_percent", -1, [], 5.0, True) == list(QUALITY_LADDER)
    assert ladder("bleu_change_percent", -1, [2.2, 1.4], 5.0, True) == [1.4, 2.2]


def test_no_speed_up_is_tried_that_the_unpruned_model_has_already() -> None:
    assert ladder("speedup", 1.5, [], 5.0, True, least=1.6) == [1.6, 1.725, 2.1]
    assert ladder("bleu_change_percent", -1, [], 5.0, True, least=2.2) == [2.2, 2.5, 3.0]


def test_nothing_beyond_reach_is_tried_and_a_target_beyond_it_is_refused() -> None:
    assert ladder("speedup", 1.5, [], 1.75, True) == [1.5, 1.725]
    assert ladder("bleu_change_percent", -1, [], 2.1, True) == [1.25, 1.5, 2.0]
    assert ladder("speedup", 3, [], 2.1, predicted=False) == [2.1]
    # 1.5 * 1.4 is a little less than 2.1 in floating point.
    assert ladder("speedup", 1.5, [], 5.0, True)[-1] == 2.1
    with pytest.raises(TPruneError, match=r"target.speedup: 3 asked.*a speed-up of 2.10"):
        ladder("speedup", 3, [], 2.1, True)
    with pytest.raises(TPruneError, match=r"target.milliseconds: 2 asked.*5.00 ms"):
        ladder("milliseconds", 2, [], 4.0, True, dense_ms=20)


def test_the_greatest_speed_up_is_that_of_one_layer_of_single_lines() -> None:
    sizes = dense_sizes(16, 2, 32, 40, encoder_layers=3, decoder_layers=2)
    names = ("encoder.self_attention", "encoder.ffn", "decoder.self_attention", "decoder.cross_attention")
    costs = LatencyModel(
        dtype="float32",
        beam=1,
        d_model=16,
        constant_ms=1.0,
        layer_ms={"encoder": 2.0, "decoder": 4.0},
        line_ms={**dict.fromkeys(names, 0.0), "decoder.ffn": 0.5},
        knees=[],
        beyond_ms=[],
        error_mean=0.0,
        error_largest=0.0,
    )
    dense_ms = costs.milliseconds(sizes)
    assert dense_ms == 1 + 6 + 8 + 32
    assert greatest_speedup(costs, sizes, dense_ms) == pytest.approx(dense_ms / (1 + 2 + 4 + 0.5))
    assert greatest_speedup(costs, sizes, 2 * dense_ms) == pytest.approx(2 * dense_ms / (1 + 2 + 4 + 0.5))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, list[Path]]:
    """samples.csv and scores.json of three models: twice and four times as fast, at 24 and 20 BLEU of 25."""
    samples = [
        Sample(
            point.model, point.method, point.strength, point.threshold, "int8", 1, length, sentence, 5, 5, s
        )
        for point, factor in ((CONTROL, 4.0), (SLOW, 2.0), (FAST, 1.0))
        for length, slower in (("forced", 1), ("own", 7))
        for sentence in range(11)
        for s in [factor * slower * (10 + sentence) / 1000]
    ]
    write_samples(tmp_path / "samples.csv", samples)
    scores = []
    for bleu in (25.0, 24.0, 20.0):
        scores.append(tmp_path / f"{bleu:g}.json")
        write_json(scores[-1], {"1": {"bleu": bleu}, "4": {"bleu": 0.0}})
    return tmp_path / "samples.csv", scores


def test_measurements_are_put_together(files: tuple[Path, list[Path]]) -> None:
    control, slow, fast = gather([CONTROL, SLOW, FAST], *files, bootstrap_samples=200, seed=1)
    assert (control.speedup, slow.speedup, fast.speedup) == pytest.approx((1, 2, 4))
    assert (slow.milliseconds, fast.milliseconds) == pytest.approx((30, 15))
    assert 20 <= slow.milliseconds_low < 30 < slow.milliseconds_high <= 40
    assert slow.valid_bleu_change_percent == pytest.approx(-4)
    assert (slow.model, slow.path) == ("shs_0.01_1.5x", SLOW.path)
    assert Point.from_pattern(slow.path) == SLOW
    assert control_milliseconds(files[0]) == pytest.approx(60)


def test_the_record_says_what_was_asked_measured_and_scored(files: tuple[Path, list[Path]]) -> None:
    models = gather([CONTROL, SLOW, FAST], *files, bootstrap_samples=200, seed=1)
    device = {"name": "local", "engine": "ctranslate2", "threads": 1, "dtypes": ("int8",), "beams": (1,)}
    test = {
        "bleu": 19.0,
        "bleu_signature": "BLEU|x",
        "chrf": 40.0,
        "chrf_signature": "chrF|x",
        "p_value": 0.01,
        "sentences": 7,
    }
    chosen = choose("speedup", 1.8, models)
    made = record(
        choice_record("speedup", 1.8, device, chosen, models), test, {**test, "bleu": 20.0, "p_value": None}
    )
    assert made["asked"] == {"speedup": 1.8} and made["chosen"] == dataclasses.asdict(models[1])
    assert made["test"]["bleu_change_percent"] == pytest.approx(-5)
    text = page(made)
    assert "at least 1.8, on local (ctranslate2, 1 thread(s), int8, beam 1)" in text
    assert "2.00x (2.00-2.00)" in text and "(-5.0 % against the control's 20.00, p = 0.010)" in text
    assert all(f"| {model.model} |" in text for model in models)
