"""The length limit is for training alone."""

import pytest

from tprune.corpus.encode import encode_pairs
from tprune.errors import TPruneError

CODES = "#version: 0.2\na b</w>\n"  # "ab" is one piece; every other character its own


@pytest.fixture
def corpus(pair_files, write_pairs, tmp_path):
    files = pair_files("text")
    pairs = [("ab ab", "ab"), ("abc", "ab"), ("ab", "abcd"), ("abcd", "ab")]
    write_pairs(files, {"train": pairs, "valid": pairs, "test": pairs[2:]})
    (tmp_path / "subword.model").write_text(CODES)
    return files


def test_long_training_pairs_are_left_out(corpus, pair_files, tmp_path, caplog):
    encoded = pair_files("encoded")
    with caplog.at_level("INFO"):
        encode_pairs(corpus, encoded, tmp_path / "subword.model", max_pieces=3)
    assert [path.read_text() for path in encoded["train"]] == ["ab ab\na@@ b@@ c\n", "ab\nab\n"]
    assert "train: 2 pairs, 2 left out as longer than 3 pieces" in caplog.text


def test_valid_and_test_stay_whole(corpus, pair_files, tmp_path):
    encoded = pair_files("encoded")
    encode_pairs(corpus, encoded, tmp_path / "subword.model", max_pieces=3)
    for split in ("valid", "test"):
        for text, pieces in zip(corpus[split], encoded[split], strict=True):
            assert pieces.read_text().replace("@@ ", "") == text.read_text()


def test_a_limit_that_leaves_nothing_names_the_key(corpus, pair_files, tmp_path):
    encoded = pair_files("encoded")
    with pytest.raises(TPruneError, match=r"corpus\.max_pieces: 0 leaves none of the 4 train pairs"):
        encode_pairs(corpus, encoded, tmp_path / "subword.model", max_pieces=0)
    assert not list(encoded["train"][0].parent.iterdir())
