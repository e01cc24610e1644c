"""page/subwords.js, run by Node.js, against sentencepiece and subword-nmt themselves."""

import io
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from subword_nmt.learn_bpe import learn_bpe

from tests.system_parts import need_program
from tprune.corpus.subwords import CODES_HEADER, load_subwords
from tprune.errors import TPruneError
from tprune.latency.browser.content import PAGE
from tprune.latency.browser.page_subwords import page_subwords

WORDS = ["the", "of", "and", "light", "heaven", "earth", "waters", "firmament", "Dios", "tierra", "señor"]
WORDS += ["ñandú", "crió", "über", "naïve", "3:16", "don't"]
ODD = [
    "", "   ", " two  blanks ", "tab\tand\u00a0no-break\u2003em", "▁ already marked ▁▁", "日本語 と 漢字",
    "🙂🙂 smile", "ﬁne ﬂat ½ ① Ａ", "e\u0301 e", "<s> </s> <unk> <0x41>", "line\u2028separator",
    "\ufeffbom", "thethethe", "ß İ ǆ", "한국어 각", "a\u200bb", "٣٤", "x" * 300,
    "[NAME] and [NAME][NAME] the[NAME]",
]  # fmt: skip


def sentences(count: int = 400) -> list[str]:
    generator = random.Random(1)
    return [" ".join(generator.choices(WORDS, k=generator.randint(1, 15))) for _ in range(count)]


def in_javascript(model: dict[str, Any], texts: list[str], folder: Path) -> tuple[list[list[str]], list[str]]:
    """What the page makes of texts: their pieces, and the texts that those make again."""
    node = need_program("node", "nodejs")
    (folder / "input.json").write_text(json.dumps({"model": model, "texts": texts}), encoding="utf-8")
    (folder / "subwords.mjs").write_bytes((PAGE / "subwords.js").read_bytes())
    script = """
        import { readFileSync } from "node:fs";
        import { loadSubwords } from "./subwords.mjs";
        const { model, texts } = JSON.parse(readFileSync("input.json", "utf-8"));
        const subwords = loadSubwords(model);
        const pieces = texts.map((text) => subwords.encode(text));
        console.log(JSON.stringify([pieces, pieces.map((of) => subwords.decode(of))]));
    """
    (folder / "run.mjs").write_text(script, encoding="utf-8")
    done = subprocess.run([node, "run.mjs"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pieces, texts = json.loads(done.stdout)
    return pieces, texts


def train(folder: Path, **options: Any) -> Path:
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()),
        model_writer=trained,
        num_threads=1,
        minloglevel=2,
        hard_vocab_limit=False,
        **options,
    )
    path = folder / "subword.model"
    path.write_bytes(trained.getvalue())
    return path


@pytest.mark.parametrize(
    "options",
    [
        {"model_type": "bpe", "vocab_size": 120, "normalization_rule_name": "identity"},
        {"model_type": "bpe", "vocab_size": 400, "byte_fallback": True},
        {"model_type": "unigram", "vocab_size": 130},
        {"model_type": "unigram", "vocab_size": 90, "normalization_rule_name": "nmt_nfkc_cf"},
        {"model_type": "bpe", "vocab_size": 120, "user_defined_symbols": ["[NAME]"]},
        {"model_type": "unigram", "vocab_size": 130, "user_defined_symbols": ["[NAME]"]},
        {"model_type": "bpe", "vocab_size": 120, "treat_whitespace_as_suffix": True},
        {"model_type": "char", "vocab_size": 60},
    ],
)
def test_pieces_are_those_of_sentencepiece(options: dict[str, Any], tmp_path: Path) -> None:
    path = train(tmp_path, **options)
    texts = [*sentences(), *ODD]
    original = load_subwords(path)
    expected = [original.encode(text) for text in texts]
    found, decoded = in_javascript(page_subwords(path), texts, tmp_path)
    for text, one, other in zip(texts, expected, found, strict=True):
        assert other == one, text
    plain = sentences()
    assert decoded[: len(plain)] == [original.decode(pieces).strip() for pieces in expected[: len(plain)]]


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_pieces_are_those_of_subword_nmt(version: str, tmp_path: Path) -> None:
    codes = io.StringIO()
    learn_bpe(io.StringIO("\n".join(sentences())), codes, 60)
    merges = codes.getvalue().splitlines()[1:]
    if version == "0.1":
        merges = [merge.replace("</w>", " </w>").strip() for merge in merges if "</w>" not in merge]
    path = tmp_path / "codes"
    path.write_text(f"#version: {version}\n" + "\n".join([*merges, merges[3]]) + "\n", encoding="utf-8")
    original = load_subwords(path)
    texts = [*sentences(), *ODD]
    expected = [original.encode(text) for text in texts if text.strip()]
    found, decoded = in_javascript(page_subwords(path), [text for text in texts if text.strip()], tmp_path)
    assert found == expected
    assert decoded == [original.decode(pieces) for pieces in expected]


def test_a_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing of the kind")
    with pytest.raises(TPruneError, match="neither a sentencepiece model nor subword-nmt codes"):
        page_subwords(tmp_path / "x")
    (tmp_path / "y").write_bytes(CODES_HEADER + b": 0.2\nno merge at all\n")
    with pytest.raises(TPruneError, match="not subword-nmt codes"):
        page_subwords(tmp_path / "y")
