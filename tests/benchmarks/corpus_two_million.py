"""Takes synthetic text through the corpus stage and prints the seconds and the peak memory of each step.

    python tests/benchmarks/corpus_two_million.py [PAIRS]

PAIRS is 2,000,000 unless given. Each step runs in a process of its own, whose tree (fairseq's workers
included) is watched. Ends with an error when a step takes more than 4 GB.
"""

import argparse
import logging
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tprune.corpus.binarise import binarise
from tprune.corpus.encode import encode_pairs
from tprune.corpus.parallel_files import write_file_pairs
from tprune.corpus.subword_model import train_subwords

LIMIT = 4 * 1024**3
SECONDS_BETWEEN_LOOKS = 0.1
WORKERS = min(4, os.cpu_count() or 1)


def synthesise(folder: Path, pairs: int) -> None:
    """Write train, valid and test of random words, frequent ones more often, 25 to a sentence on average."""
    generator = random.Random(1)
    folder.mkdir()
    letters = "etaoinshrdlucmfwygpbvkxqjzäöüß"
    weights = [1 / (rank + 2) for rank in range(len(letters))]
    words = ["".join(generator.choices(letters, weights, k=generator.randint(2, 11))) for _ in range(200_000)]
    total, cumulative = 0.0, []
    for rank in range(len(words)):
        total += 1 / (rank + 3)
        cumulative.append(total)
    for split, count in (("valid", 2000), ("test", 2000), ("train", pairs)):
        with (folder / f"{split}.src").open("w") as source, (folder / f"{split}.tgt").open("w") as target:
            for number in range(count):
                for side in (source, target):
                    sentence = generator.choices(words, cum_weights=cumulative, k=generator.randint(5, 45))
                    side.write(f"{' '.join(sentence)} {split} {number}\n")


def watch(name: str, function: Callable[..., None], *arguments: object) -> int:
    """Run `function` in a process of its own; print and return the peak memory of its tree, in bytes.

    Memory is the sum of what is private to each process and its share of the rest (PSS): pages that forked
    workers share count once.
    """
    started = time.monotonic()
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    peak = 0
    while process.exitcode is None:
        peak = max(peak, _memory(process.pid))
        process.join(SECONDS_BETWEEN_LOOKS)
    if process.exitcode:
        sys.exit(f"{name} failed")
    print(f"{name:<16} {time.monotonic() - started:8.1f} s {peak / 1024**2:8.0f} MiB", flush=True)
    return peak


def _memory(pid: int | None) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


def main() -> None:
    """Run the steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", nargs="?", type=int, default=2_000_000)
    pairs = parser.parse_args().pairs
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory() as directory:
        given, text, encoded = (
            {
                split: tuple(Path(directory, folder, f"{split}.{side}") for side in ("src", "tgt"))
                for split in ("train", "valid", "test")
            }
            for folder in ("given", "text", "encoded")
        )
        model = Path(directory, "subword.model")
        synthesise(Path(directory, "given"), pairs)
        peaks = [
            watch("check", write_file_pairs, given, text),
            watch("subword model", train_subwords, *text["train"], model, 32_000, 1_000_000, 1),
            watch("encode", encode_pairs, text, encoded, model, 250),
            watch("binarise", binarise, Path(directory, "encoded"), Path(directory, "data"), True, WORKERS),
        ]
    print(f"{pairs:,} pairs, at most {max(peaks) / 1024**2:.0f} MiB of {LIMIT / 1024**2:.0f} MiB")
    if max(peaks) > LIMIT:
        sys.exit("too much memory")


if __name__ == "__main__":
    main()
