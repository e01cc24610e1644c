"""The subword model as JSON, for page/subwords.js."""

import base64
from pathlib import Path
from typing import Any

from sentencepiece import sentencepiece_model_pb2 as sentencepiece_model

from tprune.corpus.subwords import CODES_HEADER, load_subwords

_TYPES = {1: "unigram", 2: "bpe", 3: "word", 4: "char"}


def page_subwords(path: str | Path) -> dict[str, Any]:
    """Everything of a sentencepiece model or of subword-nmt codes that segments text.

    Raises:
        TPruneError: the file is neither.
    """
    path = Path(path)
    load_subwords(path)  # which says what is wrong with it
    content = path.read_bytes()
    if content.startswith(CODES_HEADER):
        header, *merges = content.decode("utf-8").splitlines()
        pairs = dict.fromkeys(tuple(line.strip("\r\n ").split(" ")) for line in merges if line.strip())
        return {
            "kind": "subword-nmt",
            "version": header.split()[-1],
            "merges": [list(pair) for pair in pairs],
        }
    model = sentencepiece_model.ModelProto.FromString(content)  # type: ignore[attr-defined]
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    return {
        "kind": "sentencepiece",
        "type": _TYPES[trainer.model_type],
        "pieces": [[piece.piece, piece.score, piece.type] for piece in model.pieces],
        "byte_fallback": trainer.byte_fallback,
        "whitespace_as_suffix": trainer.treat_whitespace_as_suffix,
        "add_dummy_prefix": normalizer.add_dummy_prefix,
        "remove_extra_whitespaces": normalizer.remove_extra_whitespaces,
        "escape_whitespaces": normalizer.escape_whitespaces,
        "charsmap": base64.b64encode(normalizer.precompiled_charsmap).decode("ascii"),
    }
