"""What a model costs apart from time: multiply-adds, bytes on disk and in memory.

Multiply-adds are those of the matrix products, one output sentence at a time (beam 1): softmax, norms and
activations are left out. With d = d_model, h heads of q = qk_dim and v = v_dim, f = ffn_dim, S source
tokens, T output tokens and V target pieces:

    encoder, per source token   sum over encoder layers of  d h (2 q + 2 v) + S h (q + v) + 2 d f
                                + sum over decoder layers of  d h (q + v)        (keys, values of the source)
    decoder, per output token   sum over decoder layers of
                                    d h (2 q + 2 v) + C h (q + v)                (self-attention)
                                  + d h (q + v) + S h (q + v)                    (cross-attention)
                                  + 2 d f
                                + d V                                            (output projection)

The first product counts the projections of queries, keys, values and output, the second the scores and
the weighted sum. C is the number of tokens the decoder looks back on, itself included: (T + 1) / 2 on
average over a sentence.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from tprune.compaction.artefacts import count_parameters
from tprune.latency.assignment import Settings, sentences_to_measure
from tprune.latency.job import Artefact
from tprune.latency.memory import peak_memory
from tprune.model.architecture import Architecture, AttentionShape

logger = logging.getLogger(__name__)


def encoder_multiply_adds(architecture: Architecture, source_tokens: float) -> float:
    """Per source token, the decoder's keys and values of that token included."""
    d = architecture.d_model
    total = 0.0
    for layer in architecture.encoder.layers:
        total += _attention(d, layer.self_attention, source_tokens) + 2 * d * layer.ffn_dim
    for layer in architecture.decoder.layers:
        if layer.cross_attention is not None:
            total += d * _width(layer.cross_attention)
    return total


def decoder_multiply_adds(architecture: Architecture, source_tokens: float, context: float) -> float:
    """Per output token that looks back on `context` tokens, itself included."""
    d = architecture.d_model
    total = float(d * architecture.target_vocabulary)
    for layer in architecture.decoder.layers:
        total += _attention(d, layer.self_attention, context) + 2 * d * layer.ffn_dim
        if layer.cross_attention is not None:
            total += (d + source_tokens) * _width(layer.cross_attention)
    return total


def count_costs(
    artefacts: Sequence[Artefact],
    weights: Sequence[str | Path],
    architectures: Sequence[str | Path],
    source: str | Path,
    reference: str | Path,
    settings: Settings,
) -> pd.DataFrame:
    """One row per artefact; `weights` and `architectures` (model.safetensors, model.json) one per model.

    `artefacts` hold the models in the same order, each in every dtype. Lengths are the means of the
    sentences that the latency is measured on, from the encoded test set `source` and `reference`.
    Columns: model, method, strength, threshold, dtype, parameters (stored numbers), multiply_adds (of a
    whole translation, per output token), encoder_multiply_adds (per source token), decoder_multiply_adds
    (per output token), source_tokens and output_tokens (the mean lengths), file_bytes (the engine's
    model), peak_memory_bytes (see `tprune.latency.memory`; with the three longest sentences and the
    largest beam).
    """
    sentences, _ = sentences_to_measure(artefacts, source, reference, settings)
    source_tokens = sum(len(sentence.source) for sentence in sentences) / len(sentences)
    output_tokens = sum(sentence.reference_length for sentence in sentences) / len(sentences)
    longest = sorted(sentences, key=lambda sentence: len(sentence.source))[-3:]
    dtypes = len(artefacts) // len(weights)
    rows = []
    for index, artefact in enumerate(artefacts):
        architecture = Architecture.read(architectures[index // dtypes])
        encoder = encoder_multiply_adds(architecture, source_tokens)
        decoder = decoder_multiply_adds(architecture, source_tokens, (output_tokens + 1) / 2)
        logger.info("%s, %s", artefact.candidate.model, artefact.candidate.dtype)
        rows.append(
            {
                **asdict(artefact.candidate),
                "parameters": count_parameters(weights[index // dtypes]),
                "multiply_adds": round(decoder + encoder * source_tokens / output_tokens),
                "encoder_multiply_adds": round(encoder),
                "decoder_multiply_adds": round(decoder),
                "source_tokens": source_tokens,
                "output_tokens": output_tokens,
                "file_bytes": (artefact.directory / "model.bin").stat().st_size,
                "peak_memory_bytes": peak_memory(artefact, longest, max(settings.beams), settings.threads),
            }
        )
    return pd.DataFrame(rows)


def _width(shape: AttentionShape) -> int:
    return shape.num_heads * (shape.qk_dim + shape.v_dim)


def _attention(d_model: int, shape: AttentionShape, context: float) -> float:
    """Multiply-adds of a self-attention per token."""
    return (2 * d_model + context) * _width(shape)
