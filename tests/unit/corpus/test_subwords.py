"""Subwords: learnt or given, of both kinds, text comes back as it was."""

import io
import random

import pytest
import sentencepiece
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from subword_nmt.learn_bpe import learn_bpe

from tprune.corpus.pairs import normalise
from tprune.corpus.subword_model import install_subwords, train_subwords
from tprune.corpus.subwords import load_subwords
from tprune.errors import TPruneError

SOURCE_WORDS = ["der", "die", "das", "Hund", "Katze", "Straße", "läuft", "über", "12", "„so“"]
TARGET_WORDS = ["the", "a", "dog", "cat", "street", "runs", "across", "and", "12", "½"]
SENTENCES = [
    " ".join(random.Random(seed).choices(words, k=8))
    for words in (SOURCE_WORDS, TARGET_WORDS)
    for seed in range(100)
]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    for name, lines in (("src", SENTENCES[:100]), ("tgt", SENTENCES[100:])):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "src", folder / "tgt"


@pytest.fixture(scope="module")
def sentencepiece_model(text, tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "subword.model"
    train_subwords(*text, model, vocabulary_size=70, sample=1000, seed=1)
    return model


@pytest.fixture(scope="module")
def codes(tmp_path_factory):
    path = tmp_path_factory.mktemp("codes") / "codes"
    learnt = io.StringIO()
    learn_bpe(io.StringIO("\n".join(SENTENCES)), learnt, num_symbols=30)
    path.write_text(learnt.getvalue(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def both(sentencepiece_model, codes):
    return [load_subwords(sentencepiece_model), load_subwords(codes)]


def test_round_trip_of_known_text(both):
    for subwords in both:
        for sentence in SENTENCES:
            assert subwords.decode(subwords.encode(sentence)) == sentence
        pieces = subwords.encode("across the Straße")
        assert len(pieces) > 3 and max(map(len, pieces)) > 2


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="▁@")))
def test_round_trip_of_any_text_and_no_blank_in_a_piece(both, sentence):
    for subwords in both:
        pieces = subwords.encode(sentence)
        assert subwords.decode(pieces) == normalise(sentence)
        assert " ".join(pieces).split() == pieces


def test_training_is_deterministic(text, tmp_path):
    models = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_subwords(*text, tmp_path / name, vocabulary_size=60, sample=60, seed=seed)
        models.append((tmp_path / name).read_bytes())
    assert models[0] == models[1] != models[2]


def test_vocabulary_is_joint_and_of_the_size_asked(sentencepiece_model):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(sentencepiece_model))
    assert processor.get_piece_size() == 70
    for word in SOURCE_WORDS + TARGET_WORDS:
        assert processor.unk_id() not in processor.encode(word)
    assert processor.unk_id() in processor.encode("€")


@pytest.mark.parametrize(("size", "said"), [(5000, r"too large .* \d+ pieces at most"), (10, r"too small")])
def test_unfitting_vocabulary_names_the_key(text, tmp_path, size, said):
    with pytest.raises(TPruneError, match=rf"corpus\.vocabulary_size: {size} is {said}"):
        train_subwords(*text, tmp_path / "model", vocabulary_size=size, sample=1000, seed=1)
    assert not (tmp_path / "model").exists()


def test_a_large_alphabet_leaves_out_its_rarest_characters(tmp_path):
    rare = [chr(0x4E00 + index) for index in range(40)]
    for side in ("src", "tgt"):
        lines = SENTENCES * 10 + rare
        (tmp_path / side).write_text("\n".join(lines) + "\n", encoding="utf-8")
    train_subwords(tmp_path / "src", tmp_path / "tgt", tmp_path / "model", 60, sample=10_000, seed=1)
    assert load_subwords(tmp_path / "model").encode("the dog")


def test_given_models_are_installed(sentencepiece_model, codes, tmp_path):
    for given_model, kind in ((sentencepiece_model, "sentencepiece"), (codes, "subword-nmt")):
        install_subwords(given_model, kind, tmp_path / "subword.model")
        installed, original = load_subwords(tmp_path / "subword.model"), load_subwords(given_model)
        assert [installed.encode(s) for s in SENTENCES] == [original.encode(s) for s in SENTENCES]


def test_old_codes_without_a_header_are_given_one(tmp_path):
    (tmp_path / "codes").write_text("t h\nth e\nthe </w>\n")
    install_subwords(tmp_path / "codes", "subword-nmt", tmp_path / "subword.model")
    assert load_subwords(tmp_path / "subword.model").encode("the thesis") == [
        "the",
        "the@@",
        "s@@",
        "i@@",
        "s",
    ]


@pytest.mark.parametrize("kind", ["sentencepiece", "subword-nmt"])
def test_a_model_of_the_other_kind_is_refused(sentencepiece_model, codes, tmp_path, kind):
    other = codes if kind == "sentencepiece" else sentencepiece_model
    with pytest.raises(TPruneError, match=rf"baseline\.subword_model \(baseline\.subword_kind: {kind}\)"):
        install_subwords(other, kind, tmp_path / "subword.model")
    assert not (tmp_path / "subword.model").exists()


@pytest.mark.parametrize("content", [b"", b"neither one nor the other\n", b"#version: 0.2\nthree in row\n"])
def test_a_file_that_is_neither_is_refused(tmp_path, content):
    (tmp_path / "subword.model").write_bytes(content)
    with pytest.raises(TPruneError, match=r"subword\.model"):
        load_subwords(tmp_path / "subword.model")


def test_a_missing_model_names_the_key(tmp_path):
    with pytest.raises(TPruneError, match=r"baseline\.subword_model: there is no file"):
        install_subwords(tmp_path / "none", "sentencepiece", tmp_path / "subword.model")
