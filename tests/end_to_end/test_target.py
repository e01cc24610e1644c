"""`snakemake target` from a finished smoke run: one model measured to meet what was asked, or why not."""

import json
from pathlib import Path

import pytest

from tests.conftest import SMOKE, run_snakemake
from tprune.model.checkpoint import load_model


def ask(folder: Path, text: str, **how: bool) -> str:
    (folder / "ask.yaml").write_text(text, encoding="utf-8")
    return run_snakemake(folder, *SMOKE, "ask.yaml", "--cores", "2", "--", "target", **how)


@pytest.fixture
def loose(smoke_copy: Path) -> Path:
    """One strength and one speed-up, so that little is trained; in the better of the two widths."""
    ask(smoke_copy, "target: {bleu_change_percent: -99, dtype: int8}\nprune: {speedups: [1.05]}\n")
    return smoke_copy


def test_it_ends_with_a_model_that_meets_it_or_names_the_nearest(loose: Path) -> None:
    folder = loose / "results/smoke/target"
    made = json.loads((folder / "target.json").read_text())
    chosen = made["chosen"]
    assert made["asked"] == {"bleu_change_percent": -99} and made["dtype"] == "int8"
    assert chosen["valid_bleu_change_percent"] >= -99
    assert [model["model"] for model in made["measured"]] == ["control", chosen["model"]]
    losses = {
        method: json.loads((loose / f"results/smoke/width/method~{method}/speedup~1.05.json").read_text())
        for method in ("shs", "shs-narrow")
    }
    least = min(losses, key=lambda method: losses[method]["valid_loss"])
    assert chosen["model"] == f"{least}_0.05_1.05x" and chosen["milliseconds"] > 0
    source = loose / "results/smoke/compact" / chosen["path"]
    for name in ("model.safetensors", "model.json", "ctranslate2/int8/model.bin"):
        assert (folder / name).read_bytes() == (source / name).read_bytes()
    model = load_model(folder / "model.safetensors", folder / "model.json")
    assert model.architecture.d_model == losses[least]["d_model"] == {"shs": 32, "shs-narrow": 24}[least]
    assert chosen["model"] in (folder / "target.md").read_text()

    refused = ask(loose, "target: {speedup: 99}\n", check=False)
    assert "target.speedup: 99 asked" in refused and "nearest is a speed-up of" in refused
    nothing = ask(loose, "seed: 1\n", check=False)
    assert "nothing is asked" in nothing
