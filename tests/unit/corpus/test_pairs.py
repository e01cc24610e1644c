"""The plumbing: files appear whole or not at all, in step."""

import pytest

from tprune.corpus.pairs import count_lines, normalise, pair_writers, read_pairs
from tprune.errors import TPruneError


def test_normalise_knows_every_white_space():
    assert normalise(" a\u00a0b\u2028c\u3000d\x85e\x1cf\r\n") == "a b c d e f"


def test_written_pairs_are_read_back(pair_files):
    files = {"train": pair_files("corpus")["train"]}
    pairs = [("ä\u200bö", "x"), ("zwei", "two words")]
    with pair_writers(files) as write:
        for pair in pairs:
            write["train"](*pair)
        assert not files["train"][0].exists()
    assert list(read_pairs(*files["train"])) == pairs
    assert count_lines(files["train"][0]) == 2


def test_nothing_is_left_of_a_failure(pair_files):
    files = pair_files("corpus")
    with pytest.raises(RuntimeError), pair_writers(files) as write:
        write["train"]("a", "b")
        raise RuntimeError
    assert not list(files["train"][0].parent.iterdir())


def test_sides_of_different_length_are_refused(pair_files, write_pairs):
    files = pair_files("corpus")
    write_pairs(files, {"train": [("a", "b"), ("c", "d")]})
    files["train"][1].write_text("b\n")
    with pytest.raises(TPruneError, match=r"train\.src and .*train\.tgt"):
        list(read_pairs(*files["train"]))
