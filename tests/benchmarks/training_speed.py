"""Trains with stock fairseq-train and with this project's command, in turn, and compares speed and loss.

    python tests/benchmarks/training_speed.py DATA_BIN [--updates N] [--seeds N] [...]

DATA_BIN is what the workflow's corpus stage made (results/corpus/data-bin). Each round trains both once on
the same batches in the same order, from one seed each; who goes first alternates. Speed is taken from
fairseq's own log, interval by interval, the first left out. Prints the ratio of target tokens per second
with a 95 % bootstrap interval, the loss at the end for each seed, and what share of stock's update are
matrix products, which bounds what any implementation of the same precision can gain.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from fairseq.data import data_utils

from tprune.model.architecture import Architecture
from tprune.model.dense import dense_architecture
from tprune.model.transformer import Transformer
from tprune.training.command import Schedule, StateFiles, Trainer, resolve_precision, train_command

DROPOUT = 0.1
MATRIX_PASSES = 3  # forward, gradient of the input, gradient of the weight


@dataclass
class Interval:
    """What fairseq logs every few updates."""

    update: int
    tokens_per_second: float
    tokens_per_update: float
    loss: float


def stock_command(
    data: Path, schedule: Schedule, trainer: Trainer, seed: int, options: argparse.Namespace
) -> list[str]:
    """fairseq-train as it comes: its model, criterion and optimiser, float32."""
    argv = [
        sys.executable,
        "-m",
        "fairseq_cli.train",
        str(data),
        "--source-lang",
        "src",
        "--target-lang",
        "tgt",
    ]
    argv += ["--arch", "transformer", "--share-all-embeddings", "--dropout", str(DROPOUT)]
    argv += ["--encoder-normalize-before", "--decoder-normalize-before"]
    for stack, layers in (("encoder", options.encoder_layers), ("decoder", options.decoder_layers)):
        argv += [
            f"--{stack}-embed-dim",
            str(options.d_model),
            f"--{stack}-ffn-embed-dim",
            str(options.ffn_dim),
        ]
        argv += [f"--{stack}-attention-heads", str(options.num_heads), f"--{stack}-layers", str(layers)]
    argv += ["--criterion", "label_smoothed_cross_entropy", "--label-smoothing", str(trainer.label_smoothing)]
    argv += ["--optimizer", "adam", "--adam-betas", "(0.9, 0.98)", "--clip-norm", str(trainer.clip_norm)]
    argv += ["--lr", str(schedule.lr), "--lr-scheduler", "polynomial_decay"]
    argv += ["--warmup-updates", str(schedule.warmup_updates), "--end-learning-rate", str(schedule.end_lr)]
    argv += ["--total-num-update", str(schedule.updates), "--max-update", str(schedule.updates)]
    argv += ["--max-tokens", str(trainer.max_tokens), "--required-batch-size-multiple", "1"]
    argv += [
        "--seed",
        str(seed),
        "--num-workers",
        "0",
        "--distributed-world-size",
        "1",
        "--disable-validation",
    ]
    argv += ["--no-progress-bar", "--log-format", "json", "--log-interval", str(trainer.log_interval)]
    return [*argv, *trainer.extra_arguments]


def train(argv: list[str], threads: int) -> list[Interval]:
    """Run to the end; the intervals of its log."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(argv, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}\nfailed:\n{done.stdout[-4000:]}")
    records = [
        json.loads(found) for found in re.findall(r"\| train_inner \| (\{.*\})$", done.stdout, re.MULTILINE)
    ]
    return [
        Interval(int(r["num_updates"]), float(r["wps"]), float(r["wpb"]), float(r["loss"])) for r in records
    ]


def ratio_interval(ratios: list[float]) -> tuple[float, float, float]:
    """Geometric mean of `ratios`, with its 95 % interval by bootstrap."""
    logs = np.log(ratios)
    drawn = np.random.default_rng(1).choice(logs, (10_000, len(logs))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.exp(logs.mean())), float(np.exp(low)), float(np.exp(high))


def matrix_seconds(architecture: Architecture, data: Path, target_tokens: float, threads: int) -> float:
    """Seconds of an update's matrix products by weights, in float32, at the speed torch reaches here."""
    torch.set_num_threads(threads)
    # The sizes are a view into the data set's file: it must outlive them.
    sides = [data_utils.load_indexed_dataset(str(data / f"train.src-tgt.{side}")) for side in ("src", "tgt")]
    source_tokens = target_tokens * float(sides[0].sizes.sum() / sides[1].sizes.sum())
    on_source = on_target = 0
    for name, weight in Transformer(architecture).state_dict().items():
        if weight.dim() < 2 or "embed" in name:
            continue
        reads_memory = name.startswith("encoder") or "encoder_attn.k" in name or "encoder_attn.v" in name
        on_source += weight.numel() * reads_memory
        on_target += weight.numel() * (not reads_memory)
    flops = 2 * MATRIX_PASSES * (on_source * source_tokens + on_target * target_tokens)
    return flops / matrix_speed(architecture, round(target_tokens))


def matrix_speed(architecture: Architecture, tokens: int) -> float:
    """Best floating-point operations per second of the feed-forward's product."""
    d_model, ffn_dim = architecture.d_model, architecture.encoder.layers[0].ffn_dim
    x, weight = torch.randn(tokens, d_model), torch.randn(d_model, ffn_dim)
    best = float("inf")
    for _ in range(50):
        started = time.perf_counter()
        x @ weight
        best = min(best, time.perf_counter() - started)
    return 2 * tokens * d_model * ffn_dim / best


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_BIN")
    for name, value in {
        "updates": 60,
        "seeds": 3,
        "threads": 2,
        "max-tokens": 1024,
        "log-interval": 10,
        "d-model": 256,
        "ffn-dim": 1024,
        "num-heads": 4,
        "encoder-layers": 3,
        "decoder-layers": 3,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{value} unless given")
    parser.add_argument("--precision", default="auto", help="ours: auto, float32 or bfloat16")
    options = parser.parse_args()
    if options.updates < 2 * options.log_interval:
        parser.error("--updates must be at least twice --log-interval: the first interval is left out")
    return options


def main() -> None:
    options = arguments()
    architecture = dense_architecture(
        options.data,
        options.d_model,
        options.ffn_dim,
        options.num_heads,
        options.encoder_layers,
        options.decoder_layers,
        DROPOUT,
        pre_norm=True,
        share_embeddings="all",
    )
    trainer = Trainer(
        options.threads,
        options.precision,
        options.max_tokens,
        0.1,
        1.0,
        10**6,
        options.log_interval,
        ("--no-save",),
    )
    schedule = Schedule(options.updates, 0.002, warmup_updates=min(200, options.updates // 2))
    logs: dict[str, list[list[Interval]]] = {"stock": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        files = StateFiles(Path(folder))
        architecture.write(files.architecture)
        for seed in range(1, options.seeds + 1):
            commands = {
                "stock": stock_command(options.data, schedule, trainer, seed, options),
                "ours": train_command(options.data, schedule, trainer, seed, files, None),
            }
            for name in ("stock", "ours") if seed % 2 else ("ours", "stock"):
                found = train(commands[name], options.threads)
                logs[name].append(found)
                speed = np.median([interval.tokens_per_second for interval in found[1:]])
                print(f"seed {seed} {name:<5} {speed:7.0f} tokens/s, loss {found[-1].loss:.3f}", flush=True)
    report(logs, architecture, options)


def report(
    logs: dict[str, list[list[Interval]]], architecture: Architecture, options: argparse.Namespace
) -> None:
    pairs = [
        (stock, ours)
        for stock_run, our_run in zip(logs["stock"], logs["ours"], strict=True)
        for stock, ours in zip(stock_run[1:], our_run[1:], strict=True)
    ]
    if any(stock.tokens_per_update != ours.tokens_per_update for stock, ours in pairs):
        sys.exit("the two did not train on the same batches")
    mean, low, high = ratio_interval(
        [ours.tokens_per_second / stock.tokens_per_second for stock, ours in pairs]
    )
    precision = resolve_precision(options.precision)
    print(f"ours ({precision}) to stock (float32): {mean:.2f} [{low:.2f}, {high:.2f}]")
    for name, runs in logs.items():
        losses = [run[-1].loss for run in runs]
        print(f"loss after {runs[0][-1].update} updates, {name:<5}: {np.mean(losses):.3f}, {spread(losses)}")
    tokens = float(np.median([stock.tokens_per_update for stock, _ in pairs]))
    update = tokens / float(np.median([stock.tokens_per_second for stock, _ in pairs]))
    products = matrix_seconds(architecture, options.data, tokens, options.threads)
    print(
        f"matrix products: {products:.3f} s of stock's {update:.3f} s an update ({products / update:.0%}): "
        f"float32 cannot gain more than {update / products:.2f}"
    )


def spread(losses: list[float]) -> str:
    return f"from {min(losses):.3f} to {max(losses):.3f} over {len(losses)} seeds"


if __name__ == "__main__":
    main()
