"""The ONNX models of a compact model, and the proof that they compute what it does."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tprune.atomic import write_json
from tprune.compaction.artefacts import CheckText
from tprune.compaction.ctranslate2_export import Quantization
from tprune.compaction.onnx_export import END, export_onnx
from tprune.compaction.sentences import SentencePairs, read_dictionary
from tprune.errors import TPruneError
from tprune.latency.onnxruntime_engine import OnnxRuntimeEngine
from tprune.latency.protocol import longest_output
from tprune.model.checkpoint import load_model
from tprune.model.embedding import PAD
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)

CHECKED_SENTENCES = 60  # step by step takes its time, and one wrong weight shows in every sentence
LOGIT_TOLERANCE = 1e-4  # absolute


def make_onnx(
    weights: str | Path,
    architecture: str | Path,
    text: CheckText,
    float32: str | Path,
    int8: str | Path,
    check: str | Path,
) -> None:
    """Write both ONNX forms of a compact model and, last, the record of their check.

    Raises TPruneError where the float32 form does not compute what the model does. int8 rounds: what
    that changes is recorded.
    """
    model = load_model(weights, architecture)
    source, target = read_dictionary(text.source_dictionary), read_dictionary(text.target_dictionary)
    longest = min(stack.max_positions for stack in model.architecture.stacks.values()) - 1
    pairs = SentencePairs.read(text.source, text.target, source, target, CHECKED_SENTENCES, longest)
    record: dict[str, Any] = {"sentences": len(pairs.sources)}
    forms: dict[Quantization, str | Path] = {"float32": float32, "int8": int8}
    for dtype, directory in forms.items():
        export_onnx(model, list(source.symbols), list(target.symbols), directory, dtype)
        record[dtype] = compare(model, directory, dtype, pairs)
        logger.info("%s: %s", directory, record[dtype])
    _judge(record["float32"], record["sentences"], float32)
    write_json(check, record)


def compare(
    model: Transformer, directory: str | Path, dtype: Quantization, pairs: SentencePairs
) -> dict[str, float]:
    """What ONNX Runtime computes against PyTorch, over the sentences of `pairs`.

    `max_logit_difference` and `largest_logit` are over the reference's tokens. `equal_outputs` counts the
    greedy translations that are the compact model's, token for token; `ties` those of them in which
    somewhere another token was as good as the best, within the tolerance of the logits.
    """
    engine = OnnxRuntimeEngine(directory, dtype, threads=1)
    difference = largest = 0.0
    equal = ties = 0
    for pieces, target in zip(pairs.sources, pairs.target_ids(), strict=True):
        source = torch.tensor([[*map(pairs.source_dictionary.index, pieces), END]])
        expected = _logits(model, source, target[:-1])
        found = _stepwise_logits(engine, pieces, target[:-1])
        gap = float(np.abs(np.delete(expected - found, PAD, axis=1)).max())
        difference, largest = max(difference, gap), max(largest, float(np.abs(expected).max()))
        short = _shortfall(model, source, engine.decode(pieces, None), longest_output(len(pieces)))
        equal += short <= LOGIT_TOLERANCE
        ties += 0 < short <= LOGIT_TOLERANCE
    return {
        "max_logit_difference": difference,
        "largest_logit": largest,
        "equal_outputs": equal,
        "ties": ties,
    }


def _judge(found: dict[str, float], sentences: int, directory: str | Path) -> None:
    difference, largest = found["max_logit_difference"], found["largest_logit"]
    if not difference <= LOGIT_TOLERANCE:
        raise TPruneError(
            f"{directory}: its logits differ from the compact model's by {difference:.3g} (tolerance "
            f"{LOGIT_TOLERANCE:g}, largest logit {largest:.3g}): the export does not fit this model"
        )
    if found["equal_outputs"] < sentences:
        raise TPruneError(
            f"{directory}: {sentences - found['equal_outputs']:.0f} of {sentences} greedy translations "
            "differ from the compact model's: the export does not fit this model"
        )


def _logits(model: Transformer, source: torch.Tensor, output: list[int]) -> np.ndarray:
    """Of the compact model after </s> and after each token of `output`: [len(output) + 1, V]."""
    with torch.inference_mode():
        logits: np.ndarray = model(source, None, torch.tensor([[END, *output]]))[0][0].numpy()
    return logits


def _stepwise_logits(engine: OnnxRuntimeEngine, pieces: list[str], output: list[int]) -> np.ndarray:
    feeds = engine.encode(pieces)
    rows = [
        engine.step(feeds, token, position, False, "logits") for position, token in enumerate([END, *output])
    ]
    return np.concatenate(rows)


def _shortfall(model: Transformer, source: torch.Tensor, output: list[int], most: int) -> float:
    """By how much a token of `output` is worse than the best one by the model's own logits, at most.

    0 if `output` is the greedy translation: <pad> barred always, </s> at the first step.
    """
    logits = _logits(model, source, output)
    logits[:, PAD] = logits[0, END] = -np.inf
    chosen = output if len(output) == most else [*output, END]
    steps = np.arange(len(chosen))
    return float((logits[: len(chosen)].max(axis=1) - logits[steps, chosen]).max())
