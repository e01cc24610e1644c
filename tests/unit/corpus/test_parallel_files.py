"""Every fault in the user's text is told with file and line, all at once; good text is copied."""

import gzip
import tracemalloc

import pytest

from tprune.corpus.parallel_files import locate_pair, write_file_pairs
from tprune.errors import TPruneError

GOOD = {
    "train": [("ein Hund", "a dog"), ("eine Katze", "a cat"), ("ein Haus", "a house")],
    "valid": [("ein Baum", "a tree")],
    "test": [("ein Berg", "a hill"), ("ein See", "a lake")],
}


@pytest.fixture
def inputs(pair_files, write_pairs):
    files = pair_files("given")
    write_pairs(files, GOOD)
    return files


@pytest.fixture
def outputs(pair_files):
    return pair_files("corpus")


@pytest.fixture
def fault(inputs, outputs):
    """Return a function: runs the check, which must fail and leave nothing behind, and returns its text."""

    def run() -> str:
        with pytest.raises(TPruneError) as error:
            write_file_pairs(inputs, outputs)
        assert not list(outputs["train"][0].parent.iterdir())
        return str(error.value)

    return run


def test_good_text_is_copied(inputs, outputs, caplog):
    write_file_pairs(inputs, outputs)
    assert "source alone" not in caplog.text
    for split, pairs in GOOD.items():
        copied = [path.read_text().splitlines() for path in outputs[split]]
        assert list(zip(*copied, strict=True)) == pairs


def test_gzip_windows_line_ends_and_byte_order_mark(inputs, outputs):
    source, target = inputs["train"]
    packed = source.with_name(source.name + ".gz")
    packed.write_bytes(gzip.compress("\ufeffein  Hund\r\neine\tKatze\r\nein\u2028Haus".encode()))
    write_file_pairs(inputs | {"train": (packed, target)}, outputs)
    assert outputs["train"][0].read_bytes() == b"ein Hund\neine Katze\nein Haus\n"


def test_locate_prefers_plain_then_gzip(tmp_path):
    prefix = str(tmp_path / "train")
    assert locate_pair(prefix, "de", "en") == [f"{prefix}.de", f"{prefix}.en"]
    (tmp_path / "train.de.gz").touch()
    assert locate_pair(prefix, "de", "en") == [f"{prefix}.de.gz", f"{prefix}.en"]
    (tmp_path / "train.de").touch()
    assert locate_pair(prefix, "de", "en") == [f"{prefix}.de", f"{prefix}.en"]


def test_missing_file(inputs, fault):
    inputs["valid"][1].unlink()
    text = fault()
    assert "missing file" in text and f"{inputs['valid'][1]}" in text
    assert "differing" not in text


def test_empty_file(inputs, fault):
    inputs["valid"][0].write_bytes(b"")
    text = fault()
    assert f"empty file (1 found):\n    {inputs['valid'][0]}\n" in text


def test_differing_line_counts(inputs, fault):
    with inputs["train"][0].open("a") as file:
        file.write("zwei\nmehr\n")
    assert f"{inputs['train'][0]} has 5 lines, {inputs['train'][1]} has 3" in fault()


def test_invalid_utf8(inputs, fault):
    inputs["test"][1].write_bytes(b"a hill\na l\xe4ke\n")
    assert f"invalid UTF-8 (1 found):\n    {inputs['test'][1]} line 2, byte 4\n" in fault()


def test_empty_side(inputs, fault):
    inputs["train"][1].write_text("a dog\n \u3000\na house\n", encoding="utf-8")
    assert f"empty side (1 found):\n    {inputs['train'][1]} line 2\n" in fault()


@pytest.mark.parametrize("split", ["test", "valid"])
def test_overlap_with_train(inputs, fault, split):
    source, target = GOOD[split][-1]
    inputs["train"][0].write_text(f"ein Hund\n{source.replace(' ', '  ')}\n")
    inputs["train"][1].write_text(f"a dog\n{target}\n")
    line = len(GOOD[split])
    assert f"{inputs['train'][0]} line 2 = {inputs[split][0]} line {line} ({split})" in fault()


def test_the_same_source_with_another_target_is_a_warning(inputs, outputs, caplog):
    inputs["train"][0].write_text("ein Hund\nein Berg\nein Haus\n")
    inputs["train"][1].write_text("a dog\na mountain\na house\n")
    write_file_pairs(inputs, outputs)
    assert "a mountain" in outputs["train"][1].read_text()
    assert "1 of 2 test sentences are in train by their source alone" in caplog.text


def test_broken_gzip(inputs, fault):
    packed = inputs["train"][0].with_name("train.src.gz")
    packed.write_bytes(gzip.compress(b"ein Hund\neine Katze\n" * 500)[:-20])
    inputs["train"] = (packed, inputs["train"][1])
    text = fault()
    assert "unreadable file (1 found)" in text and str(packed) in text


def test_all_kinds_in_one_error_with_few_examples(inputs, fault):
    inputs["train"][0].write_text("\n" * 50 + "ein Berg\nx\n")
    inputs["train"][1].write_bytes(b"a\n" * 50 + b"a hill\n\xff\nextra\n")
    inputs["valid"][0].write_bytes(b"")
    text = fault()
    for kind in (
        "empty side (50 found, the first",
        "differing",
        "invalid UTF-8",
        "empty file",
        "also held out",
    ):
        assert kind in text
    assert text.count("train.src line") == 3 + 1  # examples of the empty side, and the overlap
    assert "corpus.files.train" in text


def test_memory_does_not_grow_with_train(inputs, outputs):
    def peak(lines: int) -> int:
        for side, path in enumerate(inputs["train"]):
            path.write_text("".join(f"sentence {side} {line} {'x' * 50}\n" for line in range(lines)))
        tracemalloc.start()
        write_file_pairs(inputs, outputs)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(40_000) < 1.1 * peak(4_000)
