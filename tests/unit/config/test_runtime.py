"""Run time asked of a scheduler."""

from tprune.config import Settings, load_settings
from tprune.config.runtime import LONGEST_MINUTES, training


def test_it_grows_with_updates_model_and_batch() -> None:
    larger = load_settings({"model": {"d_model": 512, "ffn_dim": 2048}}, "test")
    batches = load_settings({"training": {"max_tokens": 4096}}, "test")
    few = training(Settings(), 200)
    assert few < training(Settings(), 2000) < training(larger, 2000)
    assert training(Settings(), 2000) < training(batches, 2000)


def test_it_stays_within_what_queues_take() -> None:
    assert training(Settings(), 10_000_000) == LONGEST_MINUTES


def test_it_is_above_what_the_default_configuration_took() -> None:
    """results/benchmarks of `make all` on two cores: 732 s for the baseline, 143 s for a run of bssl."""
    assert training(Settings(), Settings().baseline.updates) > 4 * 732 / 60
    assert training(Settings(), Settings().bssl.updates) > 4 * 143 / 60
