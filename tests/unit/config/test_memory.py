"""Memory asked of a scheduler: above what was measured, not far above, and growing with model and batch."""

import pytest

from tprune.config import Settings, load_settings
from tprune.config.memory import SNAKEMAKE, compaction, selection, timing, training, translation

# d_model, ffn_dim, layers of each stack, vocabulary, max_tokens, peak in MB of script and fairseq-train:
# python tests/benchmarks/training_memory.py, PyTorch 2.13 on x86-64.
MEASURED = [
    (32, 64, 2, 500, 1024, 836),
    (256, 1024, 3, 4000, 1024, 1093),
    (256, 1024, 3, 4000, 4096, 1712),
    (256, 1024, 3, 16000, 4096, 2144),
    (512, 2048, 6, 4000, 1024, 2155),
    (512, 2048, 6, 16000, 4096, 4549),
]


def settings_of(d_model: int, ffn_dim: int, layers: int, vocabulary: int, max_tokens: int) -> Settings:
    sizes = {"d_model": d_model, "ffn_dim": ffn_dim, "encoder_layers": layers, "decoder_layers": layers}
    return load_settings(
        {
            "model": sizes,
            "corpus": {"vocabulary_size": vocabulary},
            "training": {"max_tokens": max_tokens},
        },
        "test",
    )


@pytest.mark.parametrize("row", MEASURED, ids=str)
def test_training_is_given_what_it_was_seen_to_take(row: tuple[int, ...]) -> None:
    *sizes, peak = row
    asked = training(settings_of(*sizes))
    assert (peak + SNAKEMAKE) * 1.05 < asked < (peak + SNAKEMAKE) * 1.7


def test_timing_of_a_narrowed_width_too_is_given_more() -> None:
    narrowed = load_settings({"ablations": {"slim": {"d_model": 96, "thresholds": []}}}, "test")
    assert timing(narrowed) > timing(Settings())


@pytest.mark.parametrize(
    "changed", [{"prune": {"distillation": 0.5}}, {"ablations": {"taught": {"distillation": 0.5}}}]
)
def test_training_with_a_teacher_is_given_more(changed: dict[str, dict[str, object]]) -> None:
    settings = load_settings(changed, "test")
    assert training(settings, may_have_teacher=True) > training(Settings(), may_have_teacher=True) + 256
    assert training(settings) == training(Settings()), "a baseline's, for one"


def test_every_job_of_a_larger_model_is_given_more() -> None:
    small, large = settings_of(*MEASURED[1][:5]), settings_of(*MEASURED[4][:5])
    for estimate in (training, selection, compaction, translation, timing):
        assert estimate(large) > estimate(small)
