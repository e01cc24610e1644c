"""The test set as text, translated by the CTranslate2 model."""

from collections.abc import Sequence
from pathlib import Path

from tprune.atomic import whole_directory
from tprune.corpus.subwords import load_subwords
from tprune.evaluation.decode import decode
from tprune.evaluation.hypotheses import hypotheses_path
from tprune.evaluation.lines import read_lines, write_lines


def translate_file(
    directory: str | Path,
    encoded_source: str | Path,
    subword_model: str | Path,
    output: str | Path,
    beams: Sequence[int],
    dtype: str,
    threads: int,
) -> None:
    """Translate a file of blank-separated pieces into plain text, one sentence a line.

    `output` becomes a folder with a file for each beam size.
    """
    subwords = load_subwords(subword_model)
    sources = [line.split() for line in read_lines(encoded_source)]
    with whole_directory(output) as partial:
        for beam in beams:
            hypotheses = decode(directory, sources, dtype, beam, threads)
            write_lines(hypotheses_path(partial, beam), (subwords.decode(pieces) for pieces in hypotheses))
