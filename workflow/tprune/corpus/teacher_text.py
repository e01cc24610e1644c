"""Sequence-level knowledge distillation (Kim & Rush 2016, section 3.2): the text that a student learns from.

The student's loss sums over all translations, each weighted by the teacher's probability; nearly all of that
weight is near the mode, so the sum is replaced by the one translation that beam search finds. Such text is
more regular than what people wrote, which is said to help small models and greedy search most; what it did
here, docs/method.md tells.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from tprune.corpus.pairs import pair_writers
from tprune.errors import TPruneError
from tprune.evaluation.decode import decode
from tprune.evaluation.lines import read_lines

logger = logging.getLogger(__name__)


def translate_training_text(
    teacher: str | Path,
    encoded_source: str | Path,
    outputs: Sequence[str | Path],
    beam: int,
    threads: int,
    max_pieces: int,
) -> None:
    """Write the pairs of a source sentence and its translation by `teacher`, pieces separated by blanks.

    `teacher` is a CTranslate2 model, `encoded_source` a file of pieces, `outputs` the source and the target
    file. Sentences whose translation is empty, or longer than `max_pieces`, are left out: the first teaches
    nothing, the second fits no batch.

    Raises:
        TPruneError: the teacher cannot be read, or no sentence is left.
    """
    sources = [line.split() for line in read_lines(encoded_source)]
    translations = decode(teacher, sources, "float32", beam, threads)
    pairs = [
        (source, translation)
        for source, translation in zip(sources, translations, strict=True)
        if 0 < len(translation) <= max_pieces
    ]
    logger.info(
        "%d pairs, %d left out: their translation is empty or too long", len(pairs), len(sources) - len(pairs)
    )
    if not pairs:
        raise TPruneError(
            f"{teacher}: no sentence of {encoded_source} has a translation of 1 to {max_pieces} pieces "
            "(corpus.max_pieces); train the baseline for longer"
        )
    with pair_writers({"train": outputs}) as write:
        for source, translation in pairs:
            write["train"](" ".join(source), " ".join(translation))
