"""One's own corpus and one's own stock fairseq checkpoint go through the workflow in place of ours."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import SMOKE, run_snakemake
from tprune.model.architecture import Architecture

SPLITS = ("train", "valid", "test")
# Post-norm, encoder and decoder of different depth and heads, learned positions: not what ours would be.
STOCK = [
    "--arch", "transformer", "--encoder-embed-dim", "32", "--decoder-embed-dim", "32",
    "--encoder-ffn-embed-dim", "48", "--decoder-ffn-embed-dim", "64", "--encoder-layers", "2",
    "--decoder-layers", "1", "--encoder-attention-heads", "4", "--decoder-attention-heads", "2",
    "--share-all-embeddings", "--encoder-learned-pos", "--decoder-learned-pos",
]  # fmt: skip


def own_text(folder: Path) -> dict[str, object]:
    """The smoke run's text under names of its own, the training source packed; returns the configuration."""
    data = folder / "mine"
    data.mkdir()
    for split in SPLITS:
        for side, lang in (("src", "es"), ("tgt", "en")):
            text = (folder / f"results/smoke/corpus/{split}.{side}").read_bytes()
            if (split, side) == ("train", "src"):
                (data / f"{split}.{lang}.gz").write_bytes(gzip.compress(text))
            else:
                (data / f"{split}.{lang}").write_bytes(text)
    return {"source": "files", "files": {split: f"mine/{split}" for split in SPLITS}}


def train_stock(folder: Path, data: Path) -> Path:
    """A checkpoint as stock fairseq-train leaves it after a few updates."""
    argv = [sys.executable, "-m", "fairseq_cli.train", str(data), "--save-dir", "stock", *STOCK]
    argv += ["--optimizer", "adam", "--lr", "0.001", "--max-tokens", "512", "--max-update", "3"]
    argv += ["--criterion", "label_smoothed_cross_entropy", "--disable-validation", "--num-workers", "0"]
    done = subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    return folder / "stock/checkpoint_last.pt"


@pytest.fixture(scope="module")
def folder(tree_with_corpus) -> Path:
    return tree_with_corpus()


def test_own_text_and_a_stock_checkpoint_are_pruned_like_ours(folder: Path) -> None:
    edits: dict[str, object] = {"results_dir": "results/mine", "corpus": own_text(folder)}
    (folder / "mine.yaml").write_text(yaml.safe_dump(edits))
    run_snakemake(folder, "results/mine/corpus/data-bin", "--cores", "2", *SMOKE, "mine.yaml")
    corpus = folder / "results/mine/corpus"
    for split in SPLITS:
        ours = folder / f"results/smoke/corpus/{split}.src"
        assert (corpus / f"{split}.src").read_text() == ours.read_text()

    checkpoint = train_stock(folder, corpus / "data-bin")
    edits["results_dir"] = "results/own"
    edits["baseline"] = {
        "checkpoint": str(checkpoint),
        "source_dictionary": str(corpus / "data-bin/dict.src.txt"),
        "target_dictionary": str(corpus / "data-bin/dict.tgt.txt"),
        "subword_model": str(corpus / "subword.model"),
    }
    (folder / "own.yaml").write_text(yaml.safe_dump(edits))
    point = "method~shs/strength~0.05/threshold~0.9/speedup~0/repeat~1"
    target = f"results/own/compact/{point}/check.json"
    run_snakemake(folder, target, "--cores", "2", *SMOKE, "own.yaml")
    baseline = Architecture.read(folder / "results/own/baseline/model.json")
    assert (len(baseline.encoder.layers), len(baseline.decoder.layers)) == (2, 1)
    assert baseline.encoder.layers[0].self_attention.num_heads == 4
    assert not baseline.encoder.pre_norm and baseline.encoder.learned_positions
    pruned = Architecture.read(folder / f"results/own/compact/{point}/model.json")
    assert pruned.decoder.layers[0].ffn_dim < baseline.decoder.layers[0].ffn_dim
