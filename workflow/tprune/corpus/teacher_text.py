"""Sequence-level knowledge distillation (Kim & Rush 2016, section 3.2): the text that a student learns from.

The student's loss sums over all translations, each weighted by the teacher's probability; nearly all of that
weight is near the mode, so the sum is replaced by the one translation that beam search finds. Such text is
more regular than what people wrote, which is said to help small models and greedy search most; what it did
here, docs/method.md tells.

A part of the text at a time is translated and kept, so that a killed run goes on where it was.
"""

import hashlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tprune.atomic import write_text
from tprune.corpus.pairs import pair_writers
from tprune.errors import TPruneError
from tprune.evaluation.decode import decode, length_limit
from tprune.evaluation.lines import read_lines

logger = logging.getLogger(__name__)

SENTENCES = 4096  # of a part


def translate_training_text(
    teacher: Path,
    encoded_source: Path,
    outputs: Sequence[str | Path],
    beam: int,
    threads: int,
    max_pieces: int,
    state_root: Path,
) -> None:
    """Write the pairs of a source sentence and its translation by `teacher`, pieces separated by blanks.

    `teacher` is a CTranslate2 model, `encoded_source` a file of pieces, `outputs` the source and the target
    file. Sentences whose translation is empty, cut at `length_limit`, or longer than `max_pieces`, are left
    out: the first teaches nothing, the second no end, the third fits no batch. Finished parts lie in a folder
    of `state_root`, which goes when the outputs are whole.

    Raises:
        TPruneError: the teacher cannot be read, or no sentence is left.
    """
    state = state_root / f"translations-{_digest(teacher / 'model.bin', encoded_source, beam)}"
    kept = left_out = 0
    with pair_writers({"train": outputs}) as write:
        for source, translation in _translations(teacher, encoded_source, beam, threads, state):
            if not 0 < len(translation) <= min(max_pieces, length_limit(len(source)) - 1):
                left_out += 1
                continue
            kept += 1
            write["train"](" ".join(source), " ".join(translation))
        logger.info("%d pairs, %d left out: their translation is empty, cut or too long", kept, left_out)
        if not kept:
            raise TPruneError(
                f"{teacher}: no sentence of {encoded_source} has a translation of 1 to {max_pieces} pieces "
                "(corpus.max_pieces); train the baseline for longer"
            )
    shutil.rmtree(state, ignore_errors=True)


def _translations(
    teacher: Path, encoded_source: Path, beam: int, threads: int, state: Path
) -> Iterator[tuple[list[str], list[str]]]:
    """Every source sentence and its translation, as pieces; what is in `state` is not translated again."""
    sources = [line.split() for line in read_lines(encoded_source)]
    for start in range(0, len(sources), SENTENCES):
        part = sources[start : start + SENTENCES]
        path = state / f"{start}.txt"
        if path.exists():
            logger.info("sentences %d to %d: translated before", start + 1, start + len(part))
        else:
            logger.info("sentences %d to %d of %d", start + 1, start + len(part), len(sources))
            made = decode(teacher, part, "float32", beam, threads)
            write_text(path, "".join(" ".join(pieces) + "\n" for pieces in made))
        yield from zip(part, (line.split() for line in read_lines(path)), strict=True)


def _digest(teacher: Path, encoded_source: Path, beam: int) -> str:
    """Names what is translated, by what, how: parts of anything else are no use."""
    found = hashlib.sha256(str(beam).encode())
    for path in (teacher, encoded_source):
        try:
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise TPruneError(f"{path}: cannot be read ({error}); delete its folder and run again") from error
    return found.hexdigest()[:12]
