"""Text to subword pieces and back, whichever way the pieces were learnt."""

import re
from pathlib import Path
from typing import Protocol

import sentencepiece
from subword_nmt.apply_bpe import BPE

from tprune.corpus.pairs import normalise
from tprune.errors import TPruneError

CODES_HEADER = b"#version"
WORDS_REMEMBERED = 500_000  # by subword-nmt's cache, which has no bound of its own


class Subwords(Protocol):
    """A segmentation of text; no piece holds white space, so pieces may be joined by blanks."""

    def encode(self, text: str) -> list[str]:
        """Split one sentence into pieces."""
        ...

    def decode(self, pieces: list[str]) -> str:
        """Join pieces to the sentence they came from (white space normalised)."""
        ...


class SentencePieceSubwords:
    """Pieces of a sentencepiece model, over raw text."""

    def __init__(self, path: Path) -> None:
        """Load the model at `path`."""
        model = path.read_bytes()
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise TPruneError(f"{path}: neither a sentencepiece model nor subword-nmt codes") from error
        if not self._processor.get_piece_size():
            raise TPruneError(f"{path}: a sentencepiece model without pieces")

    def encode(self, text: str) -> list[str]:
        """Split one sentence; characters the model does not know stay as they are."""
        return list(self._processor.encode(normalise(text), out_type=str))

    def decode(self, pieces: list[str]) -> str:
        """Join pieces to plain text."""
        return str(self._processor.decode(pieces))


class SubwordNmt:
    """Pieces of subword-nmt codes, over text whose tokens are separated by blanks ("@@ " joins)."""

    def __init__(self, path: Path) -> None:
        """Load the codes at `path`."""
        try:
            with path.open(encoding="utf-8") as codes:
                self._bpe = BPE(codes)
        # On a line that is not a merge, subword-nmt ends the process.
        except (SystemExit, ValueError) as error:
            raise TPruneError(
                f"{path}: not subword-nmt codes (two symbols a line, the first line '#version: 0.2' or none)"
            ) from error

    def encode(self, text: str) -> list[str]:
        """Split the tokens of one sentence."""
        if len(self._bpe.cache) > WORDS_REMEMBERED:
            self._bpe.cache.clear()
        return list(self._bpe.segment_tokens(normalise(text).split(" ")))

    def decode(self, pieces: list[str]) -> str:
        """Join pieces to tokens separated by blanks."""
        return re.sub(r"@@( |$)", "", " ".join(pieces))


def load_subwords(path: str | Path) -> Subwords:
    """Load a sentencepiece model or subword-nmt codes; the file's beginning tells which.

    Raises:
        TPruneError: the file is neither.
    """
    path = Path(path)
    with path.open("rb") as file:
        is_codes = file.read(len(CODES_HEADER)) == CODES_HEADER
    return SubwordNmt(path) if is_codes else SentencePieceSubwords(path)
