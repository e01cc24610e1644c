"""Beam search with the CTranslate2 model, the thing that ships."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import ctranslate2

from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

Pieces = list[str]

_LIMIT_STEP = 32  # limits are rounded up to it, so that sentences of like length share a batch
_SENTENCES = 64  # translated between two looks at the clock
_LOG_SECONDS = 5.0
_NEVER = [["<blank>"]]  # CTranslate2's name of <pad>, which fairseq's search never selects either


def load_translator(directory: str | Path, dtype: str, threads: int) -> ctranslate2.Translator:
    """The model of `directory` on the CPU with `threads` threads; TPruneError if it cannot be read."""
    try:
        return ctranslate2.Translator(
            str(directory), device="cpu", compute_type=dtype, inter_threads=1, intra_threads=threads
        )
    except (RuntimeError, ValueError) as error:
        raise TPruneError(f"{directory}: CTranslate2 cannot load it with {dtype}: {error}") from error


def length_limit(pieces: int) -> int:
    """The most pieces that a hypothesis of a source of so many may have: 2 n + 32, to a multiple of 32."""
    return -(-(2 * pieces + 32) // _LIMIT_STEP) * _LIMIT_STEP


def decode(
    directory: str | Path,
    sources: Sequence[Pieces],
    dtype: str,
    beam: int,
    threads: int,
    batch_tokens: int = 4096,
) -> list[Pieces]:
    """The best hypothesis of every source, as pieces without special ends.

    A hypothesis has at most `length_limit` pieces: it bounds the time a broken model takes and, unlike a
    limit taken from the batch, does not depend on what else is translated. Sources longer than the model's
    positions are cut, with a warning.
    """
    translator = load_translator(directory, dtype, threads)
    config = json.loads((Path(directory) / "config.json").read_text(encoding="utf-8"))
    longest = config["max_source_positions"] - 1  # one position is the end token's
    cut = [source[:longest] for source in sources]
    shortened = sum(len(source) > longest for source in sources)
    if shortened:
        logger.warning("%d sentences are longer than the model's %d positions: cut", shortened, longest + 1)

    by_limit: dict[int, list[int]] = defaultdict(list)
    for i, source in enumerate(cut):
        by_limit[min(length_limit(len(source)), config["max_target_positions"])].append(i)

    hypotheses: list[Pieces] = [[] for _ in sources]
    done, logged = 0, time.monotonic()
    for limit, rows in sorted(by_limit.items()):
        rows.sort(key=lambda i: len(cut[i]))
        for start in range(0, len(rows), _SENTENCES):
            some = rows[start : start + _SENTENCES]
            results = translator.translate_batch(
                [cut[i] for i in some],
                max_batch_size=batch_tokens,
                batch_type="tokens",
                beam_size=beam,
                max_input_length=0,
                max_decoding_length=limit,
                suppress_sequences=_NEVER,
            )
            for i, result in zip(some, results, strict=True):
                hypotheses[i] = result.hypotheses[0]
            done += len(some)
            if time.monotonic() - logged > _LOG_SECONDS:
                logger.info("%d of %d sentences translated", done, len(sources))
                logged = time.monotonic()
    logger.info("%d sentences translated (%s, beam %d)", len(sources), dtype, beam)
    return hypotheses
