"""Measures the memory that training takes at several sizes, beside what the rules ask a scheduler for.

    python tests/benchmarks/training_memory.py

Each line is a few updates through the same library call as the rules make, in a process of its own, on
random text of sentences as long as `corpus.max_pieces` allows. "peak" is the largest sum of resident memory
of that process and its fairseq-train, as a scheduler without cgroups counts it.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tprune.config.load import load_settings
from tprune.config.memory import training
from tprune.corpus.binarise import binarise

# d_model, ffn_dim, layers of each stack, vocabulary, max_tokens
SIZES = [
    (32, 64, 2, 500, 1024),
    (256, 1024, 3, 4000, 1024),
    (256, 1024, 3, 4000, 4096),
    (256, 1024, 3, 16000, 4096),
    (512, 2048, 6, 4000, 1024),
    (512, 2048, 6, 16000, 4096),
]
UPDATES, SENTENCES, LENGTH = 4, 600, 60
TRAIN = """
import sys
from pathlib import Path
from tprune.model.dense import dense_architecture
from tprune.training.command import Schedule, Trainer
from tprune.training.train import Run, trained
data, state, d_model, ffn_dim, layers, max_tokens, updates = sys.argv[1:]
architecture = dense_architecture(
    Path(data), d_model=int(d_model), ffn_dim=int(ffn_dim), num_heads=4, encoder_layers=int(layers),
    decoder_layers=int(layers), dropout=0.1, pre_norm=True, share_embeddings="all")
trainer = Trainer(
    threads=1, precision="float32", max_tokens=int(max_tokens), label_smoothing=0.1, clip_norm=1.0,
    checkpoint_interval=2, log_interval=1)
run = Run("memory", Path(data), architecture, Schedule(int(updates), 0.001, 1), 1)
with trained(run, trainer, Path(state)):
    pass
"""


def write_text(folder: Path, vocabulary: int) -> None:
    """Random pieces, each at least once, half of the sentences of full length."""
    rng = random.Random(1)
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        for side in ("src", "tgt"):
            words = [str(word) for word in range(vocabulary)]
            words += rng.choices(words, k=max(0, SENTENCES * LENGTH - vocabulary))
            lines = [" ".join(words[i : i + LENGTH]) for i in range(0, len(words), LENGTH)]
            (folder / f"{split}.{side}").write_text("\n".join(lines) + "\n")


def peak_mb(argv: list[str]) -> float:
    """Largest sum of resident memory of a command and its children, in MB (2**20 bytes)."""
    peak = 0
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                peak = max(peak, sum(each.memory_info().rss for each in family))
            except psutil.NoSuchProcess:
                pass
            time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"training failed: {argv}")
    return peak / 2**20


def main() -> None:
    """Print a line per size."""
    print("d_model  ffn  layers  vocabulary  max_tokens   peak MB  asked MB", flush=True)
    for d_model, ffn_dim, layers, vocabulary, max_tokens in SIZES:
        settings = load_settings(
            {
                "model": {
                    "d_model": d_model,
                    "ffn_dim": ffn_dim,
                    "encoder_layers": layers,
                    "decoder_layers": layers,
                },
                "corpus": {"vocabulary_size": vocabulary},
                "training": {"max_tokens": max_tokens},
            },
            "benchmark",
        )
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_text(folder / "encoded", vocabulary)
            binarise(folder / "encoded", folder / "data", joined_dictionary=True, workers=1)
            sizes = [str(number) for number in (d_model, ffn_dim, layers, max_tokens, UPDATES)]
            peak = peak_mb([sys.executable, "-c", TRAIN, str(folder / "data"), str(folder / "state"), *sizes])
        print(
            f"{d_model:7d} {ffn_dim:4d} {layers:7d} {vocabulary:11d} {max_tokens:11d} {peak:9.0f} "
            f"{training(settings):9d}",
            flush=True,
        )


if __name__ == "__main__":
    main()
