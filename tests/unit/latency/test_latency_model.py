"""The latency model: recovers planted costs, predicts sizes it has not seen, ignores hiccups."""

import dataclasses
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.small_sizes import dense_sizes
from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.latency.assignment import Settings
from tprune.latency.latency_design import sizes_to_measure
from tprune.latency.latency_model import (
    LatencyModel,
    fit,
    line_counts,
    read_beside_baseline,
    step_weights,
    to_json,
)
from tprune.latency.protocol import Sample
from tprune.latency.random_models import measure_sizes
from tprune.model.architecture import Architecture

DENSE = dense_sizes(64, 4, 256, 400, encoder_layers=3, decoder_layers=3)
SIZES = sizes_to_measure([DENSE], 1)
COSTS = {
    "encoder.self_attention": 0.004,
    "encoder.ffn": 0.002,
    "decoder.self_attention": 0.02,
    "decoder.cross_attention": 0.01,
    "decoder.ffn": 0.008,
}


def planted(architecture: Architecture, slow: float = 0.0) -> float:
    """Milliseconds; `slow` for every weight beyond half of the dense model's."""
    lines = sum(COSTS[name] * count for name, count in line_counts(architecture).items())
    beyond = max(0.0, step_weights(architecture) - step_weights(DENSE) / 2)
    layers = 0.1 * len(architecture.encoder.layers) + 0.5 * len(architecture.decoder.layers)
    return 2 + lines + layers + slow * beyond


def samples(
    slow: float = 0.0,
    noise: float = 0.0,
    hiccups: float = 0.0,
    sizes: Mapping[str, Architecture] = SIZES,
) -> list[Sample]:
    generator = random.Random(1)
    made = []
    for name, size in sizes.items():
        for sentence in range(15):
            seconds = (
                planted(size, slow)
                / 1000
                * (size.d_model / DENSE.d_model)
                * (1 + sentence / 10)
                * (1 + noise * generator.random())
            )
            seconds *= 10 if generator.random() < hiccups else 1
            made.append(Sample(name, "m", "0", "0", "int8", 4, "forced", sentence, 5, 5, seconds))
    return made


def test_planted_costs_are_recovered() -> None:
    (model,) = fit(SIZES, samples())
    mean = 1.7  # of the sentences' factors
    assert (model.dtype, model.beam) == ("int8", 4)
    for size in SIZES.values():
        assert model.milliseconds(size) == pytest.approx(mean * planted(size), rel=1e-6)
    assert model.error_largest < 1e-6


def test_every_width_has_costs_of_its_own(tmp_path: Path) -> None:
    narrow = dataclasses.replace(DENSE, d_model=32)
    sizes = sizes_to_measure([DENSE, narrow], 1)
    wide_model, narrow_model = fit(sizes, samples(sizes=sizes))
    assert (wide_model.d_model, narrow_model.d_model) == (64, 32)
    assert wide_model.milliseconds(DENSE) == pytest.approx(1.7 * planted(DENSE), rel=1e-6)
    assert narrow_model.milliseconds(narrow) == pytest.approx(1.7 * planted(DENSE) / 2, rel=1e-6)
    path = tmp_path / "latency_model.json"
    write_json(path, to_json([wide_model, narrow_model], {}))
    dense_ms = wide_model.milliseconds(DENSE)
    assert read_beside_baseline(path, "int8", 4, narrow, DENSE) == (narrow_model, dense_ms)
    assert read_beside_baseline(path, "int8", 4, DENSE, DENSE) == (wide_model, dense_ms)


def test_slower_memory_beyond_a_cache_is_followed() -> None:
    (model,) = fit(SIZES, samples(slow=2e-4))
    assert planted(DENSE, 2e-4) > 1.5 * planted(DENSE)
    assert model.error_mean < 0.02
    assert model.milliseconds(DENSE) == pytest.approx(1.7 * planted(DENSE, 2e-4), rel=0.03)


def test_hiccups_of_the_machine_do_not_count() -> None:
    (model,) = fit(SIZES, samples(noise=0.05, hiccups=0.1))
    assert model.error_mean < 0.03


def test_every_line_and_layer_that_goes_saves_time_or_nothing() -> None:
    (model,) = fit(SIZES, samples(slow=1e-4, noise=1.0))
    full = model.milliseconds(DENSE)
    layer = DENSE.decoder.layers[0]
    narrow = dataclasses.replace(layer.self_attention, qk_dim=4, v_dim=4)
    for smaller in (
        dataclasses.replace(layer, ffn_dim=100),
        dataclasses.replace(layer, self_attention=narrow),
        dataclasses.replace(layer, cross_attention=narrow),
    ):
        decoder = dataclasses.replace(DENSE.decoder, layers=(smaller, *DENSE.decoder.layers[1:]))
        assert model.milliseconds(dataclasses.replace(DENSE, decoder=decoder)) <= full
    for stack in ("encoder", "decoder"):
        shape = DENSE.stacks[stack]
        fewer = dataclasses.replace(DENSE, **{stack: dataclasses.replace(shape, layers=shape.layers[1:])})
        assert model.milliseconds(fewer) < full


def test_the_sizes_span_what_pruning_can_leave() -> None:
    assert SIZES["64 full"] == DENSE and len(SIZES) == 20
    assert set(line_counts(SIZES["64 least"]).values()) == {3, 12}
    assert any(len(size.decoder.layers) < 3 for size in SIZES.values())
    assert any(len({layer.ffn_dim for layer in size.decoder.layers}) == 3 for size in SIZES.values())
    for name in COSTS:
        counts = [line_counts(size)[name] / line_counts(DENSE)[name] for size in SIZES.values()]
        assert min(counts) < 0.1 and max(counts) == 1 and 0.2 < sorted(counts)[10] < 0.8


def test_the_file_is_read_back_and_lacks_are_named(tmp_path: Path) -> None:
    (model,) = fit(SIZES, samples(noise=0.1))
    path = tmp_path / "latency_model.json"
    write_json(path, to_json([model], {"threads": 1}))
    assert LatencyModel.read(path, "int8", 4, 64) == model
    with pytest.raises(TPruneError, match="no latency model of float32 with beam 4 and d_model 64"):
        LatencyModel.read(path, "float32", 4, 64)
    with pytest.raises(TPruneError, match="no latency model of int8 with beam 4 and d_model 32"):
        LatencyModel.read(path, "int8", 4, 32)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(TPruneError, match="not a latency model"):
        LatencyModel.read(path, "int8", 4, 64)


def test_a_real_measurement_of_small_models(encoded: tuple[Path, Path], uneven: Architecture) -> None:
    sizes = sizes_to_measure([uneven], 1, models=6)
    settings = Settings([1], threads=1, sentences=4, warm_up=1, seed=1)
    models = fit(sizes, measure_sizes(sizes, ["float32", "int8"], *encoded, settings, "latency_model"))
    assert [(model.dtype, model.beam) for model in models] == [("float32", 1), ("int8", 1)]
    assert all(model.milliseconds(uneven) > 0 for model in models)
