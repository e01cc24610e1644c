"""The test set as text, translated by the CTranslate2 model."""

from collections.abc import Mapping
from pathlib import Path

from tprune.corpus.subwords import load_subwords
from tprune.evaluation.decode import decode
from tprune.evaluation.lines import read_lines, write_lines


def translate_file(
    directory: str | Path,
    encoded_source: str | Path,
    subword_model: str | Path,
    outputs: Mapping[int, str | Path],
    dtype: str,
    threads: int,
) -> None:
    """Translate a file of blank-separated pieces into plain text, one sentence a line.

    `outputs` has a file for each beam size.
    """
    subwords = load_subwords(subword_model)
    sources = [line.split() for line in read_lines(encoded_source)]
    for beam, output in outputs.items():
        hypotheses = decode(directory, sources, dtype, beam, threads)
        write_lines(output, (subwords.decode(pieces) for pieces in hypotheses))
