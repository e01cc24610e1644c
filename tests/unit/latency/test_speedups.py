import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tprune.errors import TPruneError
from tprune.latency.protocol import Sample, write_samples
from tprune.latency.summary import read_samples, resampled_weights, speedup_with_interval, summarise

SENTENCES = 100


def planted(factors: dict[str, float], noise: float = 0.0, seed: int = 1) -> pd.DataFrame:
    """Samples in which `model` takes the control's time (by sentence) divided by its factor.

    int8 is four times as fast as float32; `noise` is the deviation of the logarithm of a time.
    """
    generator = np.random.default_rng(seed)
    base = generator.uniform(0.005, 0.03, SENTENCES)
    rows = []
    for dtype, gain in (("float32", 1.0), ("int8", 4.0)):
        for model, factor in factors.items():
            times = base / factor / gain * np.exp(noise * generator.standard_normal(SENTENCES))
            for sentence, seconds in enumerate(times):
                strength, threshold = ("0.10", "0.2") if model.startswith("shs") else ("0", "0")
                method = model.partition("_")[0]
                rows.append(
                    Sample(
                        *(model, method, strength, threshold, dtype, 4, "forced"),
                        *(sentence, 10, 20, float(seconds)),
                    )
                )
    return pd.DataFrame([vars(row) for row in rows])


def test_exact_speedup_is_recovered_without_width() -> None:
    summary = summarise(planted({"control": 1.0, "shs_0.10_0.2": 2.0}), 200, 1)
    for dtype, gain in (("float32", 1.0), ("int8", 4.0)):
        row = summary[(summary["dtype"] == dtype) & (summary["method"] == "shs")].iloc[0]
        assert row["speedup"] == pytest.approx(2)
        assert row["speedup_low"] == pytest.approx(2)
        assert row["speedup_high"] == pytest.approx(2)
        for end in ("", "_low", "_high"):
            assert row[f"speedup_vs_float32{end}"] == pytest.approx(2 * gain)
        assert not row["noisy"]


def test_the_control_is_the_mean_of_its_repeats() -> None:
    summary = summarise(planted({"control": 1.0, "control_r2": 0.5, "shs_0.10_0.2": 2.0}), 200, 1)
    found = summary[summary["dtype"] == "float32"].set_index("model")
    # Of 1 and 2 seconds the mean is 1.5.
    assert found["speedup"].to_dict() == pytest.approx(
        {"control": 1.5, "control_r2": 0.75, "shs_0.10_0.2": 3}
    )
    assert found["speedup_vs_float32"].tolist() == pytest.approx(found["speedup"].tolist())


def test_the_interval_against_float32_is_that_of_the_same_sentences() -> None:
    samples = planted({"control": 1.0, "shs_0.10_0.2": 2.0}, noise=0.3)
    row = summarise(samples, 500, 1).set_index(["dtype", "model"]).loc[("int8", "shs_0.10_0.2")]
    chosen = samples.set_index(["dtype", "model"])["seconds"]
    dense, own = (chosen.loc[key].to_numpy() for key in (("float32", "control"), ("int8", "shs_0.10_0.2")))
    expected = speedup_with_interval(dense, own, resampled_weights(SENTENCES, 500, 1))
    names = ("speedup_vs_float32", "speedup_vs_float32_low", "speedup_vs_float32_high")
    assert [row[name] for name in names] == pytest.approx(expected)


def test_medians_and_tokens() -> None:
    samples = planted({"control": 1.0})
    times = samples.loc[samples["dtype"] == "float32", "seconds"] * 1000
    row = summarise(samples, 200, 1).iloc[0]
    assert row["latency_ms"] == pytest.approx(times.median())
    assert row["p90_ms"] == pytest.approx(times.quantile(0.9))
    assert row["output_tokens"] == 20
    assert row["ms_per_token"] == pytest.approx(times.mean() / 20)
    assert row["sentences"] == SENTENCES


def test_interval_covers_the_true_speedup_about_19_times_in_20() -> None:
    covered = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        base = generator.uniform(0.005, 0.03, SENTENCES)
        own = base / 1.5 * np.exp(0.2 * generator.standard_normal(SENTENCES) - 0.02)
        weights = resampled_weights(SENTENCES, 400, seed)
        _, low, high = speedup_with_interval(base, own, weights)
        covered += low <= 1.5 <= high
    assert 180 <= covered <= 199


def test_noise_widens_the_interval_and_is_flagged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        quiet = summarise(planted({"control": 1.0, "shs_0.10_0.2": 2.0}, noise=0.01), 500, 1)
    assert not quiet["noisy"].any()
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        loud = summarise(planted({"control": 1.0, "shs_0.10_0.2": 2.0}, noise=0.6), 500, 1)
    assert loud.loc[loud["method"] == "shs", "noisy"].all()
    assert not loud.loc[loud["method"] == "control", "noisy"].any()
    assert "quieter machine" in caplog.text


def test_same_seed_same_interval() -> None:
    samples = planted({"control": 1.0, "shs_0.10_0.2": 2.0}, noise=0.1)
    pd.testing.assert_frame_equal(summarise(samples, 200, 1), summarise(samples, 200, 1))


def test_no_float32_no_speedup_against_it() -> None:
    samples = planted({"control": 1.0, "shs_0.10_0.2": 2.0})
    summary = summarise(samples[samples["dtype"] == "int8"], 200, 1)
    assert summary["speedup_vs_float32"].isna().all()
    assert summary["speedup"].tolist() == pytest.approx([1, 2])


def test_absent_control_and_absent_sentence_are_named() -> None:
    with pytest.raises(TPruneError, match="no `control` among the models"):
        summarise(planted({"baseline": 1.0}), 200, 1)
    samples = planted({"control": 1.0, "shs_0.10_0.2": 2.0})
    with pytest.raises(TPruneError, match=r"shs_0\.10_0\.2"):
        summarise(samples.drop(index=samples.index[samples["method"] == "shs"][0]), 200, 1)


def test_strengths_stay_texts(tmp_path: Path) -> None:
    sample = Sample("shs_0.10_0.2", "shs", "0.10", "0.2", "float32", 4, "own", 0, 1, 1, 0.01)
    write_samples(tmp_path / "samples.csv", [sample])
    row = read_samples(tmp_path / "samples.csv").iloc[0]
    assert (row["strength"], row["threshold"], row["seconds"]) == ("0.10", "0.2", 0.01)
