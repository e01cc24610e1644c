"""fairseq-preprocess, run for real on a corpus of three lines."""

import pytest
from fairseq.data import Dictionary, data_utils

from tprune.corpus.binarise import binarise
from tprune.errors import TPruneError

PAIRS = {
    "train": [("▁ein ▁Hund", "▁a ▁dog"), ("▁ein ▁Haus", "▁a ▁house"), ("▁a ▁ein ▁ein", "▁a")],
    "valid": [("▁ein ▁Hund", "▁a ▁house")],
    "test": [("▁ein ▁neues ▁Haus", "▁a ▁house"), ("▁Haus", "▁house ▁dog")],
}
NAMES = {"dict.src.txt", "dict.tgt.txt"} | {
    f"{split}.src-tgt.{side}.{kind}" for split in PAIRS for side in ("src", "tgt") for kind in ("bin", "idx")
}


@pytest.fixture
def encoded(pair_files, write_pairs, tmp_path):
    write_pairs(pair_files("encoded"), PAIRS)
    return tmp_path / "encoded"


def read_back(data, split, side):
    dictionary = Dictionary.load(str(data / f"dict.{side}.txt"))
    dataset = data_utils.load_indexed_dataset(str(data / f"{split}.src-tgt.{side}"), dictionary)
    return [dictionary.string(dataset[index]) for index in range(len(dataset))]


def test_joined_dictionary_and_content(encoded, tmp_path):
    data = tmp_path / "data-bin"
    data.mkdir()
    (data / "old").touch()
    (tmp_path / ".data-bin.1.partial").mkdir()
    binarise(encoded, data, joined_dictionary=True, workers=1)
    assert {path.name for path in data.iterdir()} == NAMES
    assert not list(tmp_path.glob(".data-bin*"))
    assert (data / "dict.src.txt").read_bytes() == (data / "dict.tgt.txt").read_bytes()
    for split in PAIRS:
        for side, name in enumerate(("src", "tgt")):
            expected = [pair[side].replace("▁neues", "<unk>") for pair in PAIRS[split]]
            assert read_back(data, split, name) == expected


def test_separate_dictionaries(encoded, tmp_path):
    data = tmp_path / "data-bin"
    binarise(encoded, data, joined_dictionary=False, workers=2)
    source, target = (Dictionary.load(str(data / f"dict.{side}.txt")) for side in ("src", "tgt"))
    assert "▁Hund" in source.indices and "▁Hund" not in target.indices
    assert "▁house" in target.indices and "▁house" not in source.indices
    assert read_back(data, "train", "tgt") == [pair[1] for pair in PAIRS["train"]]


def test_given_dictionaries_keep_their_order(encoded, tmp_path):
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_text("▁Haus 1\n▁ein 9\nmadeupword0000 0\n", encoding="utf-8")
    target.write_text("▁house 3\n▁a 2\n▁dog 1", encoding="utf-8")
    data = tmp_path / "data-bin"
    binarise(encoded, data, True, 1, source, target)
    assert (data / "dict.src.txt").read_text(encoding="utf-8") == source.read_text(encoding="utf-8")
    assert Dictionary.load(str(data / "dict.tgt.txt")).symbols[4:] == ["▁house", "▁a", "▁dog"]
    assert read_back(data, "train", "src") == ["▁ein <unk>", "▁ein ▁Haus", "<unk> ▁ein ▁ein"]


@pytest.mark.parametrize(
    ("content", "said"),
    [("a 1\nno_count\n", r"source\.txt line 2"), ("", r"source\.txt is empty"), (None, "there is no file")],
)
def test_a_bad_dictionary_names_the_key(encoded, tmp_path, content, said):
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    target.write_text("a 1\n")
    if content is not None:
        source.write_text(content)
    with pytest.raises(TPruneError, match=rf"baseline\.source_dictionary: .*{said}"):
        binarise(encoded, tmp_path / "data-bin", True, 1, source, target)


def test_one_dictionary_of_two_names_the_other_key(encoded, tmp_path):
    (tmp_path / "source.txt").write_text("a 1\n")
    with pytest.raises(TPruneError, match=r"baseline\.target_dictionary: not set"):
        binarise(encoded, tmp_path / "data-bin", True, 1, tmp_path / "source.txt")


def test_a_failure_shows_what_fairseq_said_and_leaves_nothing(encoded, tmp_path):
    (encoded / "valid.tgt").unlink()
    with pytest.raises(TPruneError, match=r"fairseq-preprocess ended with status 1(.|\n)*valid\.tgt"):
        binarise(encoded, tmp_path / "data-bin", joined_dictionary=True, workers=1)
    assert not list(tmp_path.glob("*data-bin*"))


def test_other_training_pairs_with_the_same_dictionaries_and_held_out_text(
    encoded, pair_files, write_pairs, tmp_path
):
    own, other = tmp_path / "data-bin", tmp_path / "other"
    binarise(encoded, own, joined_dictionary=True, workers=1)
    write_pairs(pair_files("taught"), {"train": [("▁ein ▁Hund", "▁dog ▁a ▁cat")], "valid": [], "test": []})
    dictionaries = own / "dict.src.txt", own / "dict.tgt.txt"
    binarise(encoded, other, False, 1, *dictionaries, train=tmp_path / "taught" / "train")
    assert read_back(other, "train", "tgt") == ["▁dog ▁a <unk>"]
    for name in NAMES:
        if not name.startswith("train"):
            assert (other / name).read_bytes() == (own / name).read_bytes()
