import random
from pathlib import Path

import pytest

from tprune.latency.assignment import Settings
from tprune.latency.budget import OVERHEAD, divide, measure_variants, variants
from tprune.latency.protocol import Sample
from tprune.latency.variants import COMPONENTS, reduced
from tprune.model.architecture import Architecture

COSTS = {
    "encoder": 2.0,
    "decoder_self_attention": 1.0,
    "cross_attention": 1.5,
    "decoder_ffn": 4.0,
    "output_projection": 0.5,
}
EMPTY = 1.0


def planted(pair: float = 0.0, noise: float = 0.0) -> list[Sample]:
    """Samples of models whose time is the sum of `COSTS` (in ms) and `EMPTY`.

    Feed-forward and encoder together take `pair` more than apart; `noise` is relative.
    """
    generator = random.Random(1)
    samples = []
    for name, lacking in variants().items():
        present = set(COMPONENTS) - set(lacking)
        time = EMPTY + sum(COSTS[component] for component in present)
        time += pair if {"encoder", "decoder_ffn"} <= present else 0.0
        for sentence in range(30):
            seconds = time / 1000 * (1 + noise * generator.random())
            samples.append(Sample(name, "budget", "0", "0", "int8", 4, "forced", sentence, 5, 5, seconds))
    return samples


def by_component(samples: list[Sample], column: str) -> dict[str, float]:
    table = divide(samples, 200, 1)
    return dict(zip(table["component"], table[column], strict=True))


def test_components_that_add_up_are_recovered() -> None:
    latency = by_component(planted(), "latency_ms")
    assert latency == pytest.approx({**COSTS, OVERHEAD: EMPTY})
    assert by_component(planted(), "share") == pytest.approx(
        {**{name: cost / 10 for name, cost in COSTS.items()}, OVERHEAD: 0.1}
    )
    gains = by_component(planted(), "speedup_if_free")
    assert gains["decoder_ffn"] == pytest.approx(10 / 6)
    assert gains[OVERHEAD] == pytest.approx(10 / 9)


def test_what_two_components_cost_together_is_halved_between_them() -> None:
    latency = by_component(planted(pair=2.0), "latency_ms")
    assert latency["encoder"] == pytest.approx(COSTS["encoder"] + 1)
    assert latency["decoder_ffn"] == pytest.approx(COSTS["decoder_ffn"] + 1)
    assert latency["cross_attention"] == pytest.approx(COSTS["cross_attention"])
    # The speed-up is what was measured without it, all of the interaction included.
    assert by_component(planted(pair=2.0), "speedup_if_free")["decoder_ffn"] == pytest.approx(12 / 6)


def test_shares_sum_to_one_and_intervals_hold_the_estimate() -> None:
    table = divide(planted(noise=0.5), 500, 1)
    assert table["share"].sum() == pytest.approx(1)
    assert (table["share"] >= 0).all()
    assert (table["speedup_if_free_low"] < table["speedup_if_free"]).all()
    assert (table["speedup_if_free"] < table["speedup_if_free_high"]).all()


def test_pure_noise_leaves_all_to_the_overhead() -> None:
    full_is_fastest = [
        Sample(name, "budget", "0", "0", "int8", 1, "forced", sentence, 5, 5, 1.0 + (name != "full"))
        for name in variants()
        for sentence in range(3)
    ]
    shares = by_component(full_is_fastest, "share")
    assert shares == {**dict.fromkeys(COMPONENTS, 0.0), OVERHEAD: 1.0}


def test_reduced_changes_only_its_component(uneven: Architecture) -> None:
    full = reduced(uneven)
    assert (full.encoder, full.decoder, full.target_vocabulary) == (uneven.encoder, uneven.decoder, 40)
    ffn = reduced(uneven, "decoder_ffn")
    assert [layer.ffn_dim for layer in ffn.decoder.layers] == [1, 1, 1]
    assert [layer.self_attention for layer in ffn.decoder.layers] == [
        layer.self_attention for layer in uneven.decoder.layers
    ]
    assert ffn.encoder == uneven.encoder
    cross = reduced(uneven, "cross_attention")
    assert [(c.qk_dim, c.v_dim) for layer in cross.decoder.layers if (c := layer.cross_attention)] == [
        (1, 1)
    ] * 3
    assert [layer.ffn_dim for layer in cross.decoder.layers] == [20, 33, 12]
    encoder = reduced(uneven, "encoder")
    assert encoder.decoder == uneven.decoder
    assert [(layer.ffn_dim, layer.self_attention.qk_dim) for layer in encoder.encoder.layers] == [(1, 1)]
    assert reduced(uneven, "output_projection").target_vocabulary == 32
    with pytest.raises(ValueError, match="none of"):
        reduced(uneven, "nonsense")


def test_budget_of_a_tiny_model(uneven: Architecture, encoded: tuple[Path, Path]) -> None:
    settings = Settings([1, 4], threads=1, sentences=4, warm_up=1, seed=1)
    samples = measure_variants(uneven, ["float32", "int8"], *encoded, settings)
    assert len(samples) == 12 * 2 * 2 * 4
    table = divide(samples, 100, 1)
    assert table["component"].tolist() == [*COMPONENTS, OVERHEAD] * 4
    assert table["dtype"].tolist() == ["float32"] * 12 + ["int8"] * 12
    assert table["beam"].tolist() == ([1] * 6 + [4] * 6) * 2
    for _, rows in table.groupby(["dtype", "beam"]):
        assert rows["share"].sum() == pytest.approx(1)
        assert rows["share"].between(0, 1).all()
    assert (table["speedup_if_free"] > 0).all()
