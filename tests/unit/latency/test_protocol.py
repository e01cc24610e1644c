import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tprune.errors import TPruneError
from tprune.latency.protocol import (
    Candidate,
    Sentence,
    choose_sentences,
    measure,
    read_sentences,
    write_samples,
)

CANDIDATES = [Candidate(name, name, "0", "0", "float32") for name in ("a", "b", "c", "d")]
SENTENCES = [Sentence(number, ("x",) * (number + 1), number + 2) for number in range(8)]
WARM_UP = [Sentence(100, ("w",), 1), Sentence(101, ("w", "w"), 1)]

Call = tuple[str, Sequence[str], int, int | None]


class FakeEngine:
    """Notes its calls; takes `cost` seconds of a made-up clock; its own outputs have three tokens."""

    time = 0.0

    def __init__(self, name: str, calls: list[Call], cost: float = 1.0, obeys: bool = True) -> None:
        self.name, self.calls, self.cost, self.obeys = name, calls, cost, obeys

    def translate(self, pieces: Sequence[str], beam: int, forced_length: int | None) -> int:
        self.calls.append((self.name, pieces, beam, forced_length))
        FakeEngine.time += self.cost
        if forced_length is None:
            return 3
        return forced_length if self.obeys else forced_length - 1


def engines(calls: list[Call]) -> dict[Candidate, FakeEngine]:
    return {who: FakeEngine(who.model, calls, cost=1.0 + index) for index, who in enumerate(CANDIDATES)}


def test_every_sample_is_kept_and_charged_to_its_model() -> None:
    samples = measure(engines([]), SENTENCES, WARM_UP, [1, 4], 1, clock=lambda: FakeEngine.time)
    keys = {(s.model, s.beam, s.length, s.sentence) for s in samples}
    assert len(samples) == len(keys) == 4 * 2 * 2 * 8
    for sample in samples:
        sentence = SENTENCES[sample.sentence]
        assert sample.seconds == 1.0 + "abcd".index(sample.model)
        assert sample.source_tokens == len(sentence.source)
        assert sample.output_tokens == (3 if sample.length == "own" else sentence.reference_length)


def test_warm_up_comes_first_for_every_model_and_beam_and_is_not_sampled() -> None:
    calls: list[Call] = []
    samples = measure(engines(calls), SENTENCES, WARM_UP, [1, 4], 1)
    warm = calls[: 4 * 2 * 2]
    assert {(name, beam, len(pieces)) for name, pieces, beam, _ in warm} == {
        (name, beam, size) for name in "abcd" for beam in (1, 4) for size in (1, 2)
    }
    assert all(pieces[0] == "x" for _, pieces, _, _ in calls[len(warm) :])
    assert not {sample.sentence for sample in samples} & {100, 101}


def test_models_are_interleaved_in_an_order_that_changes() -> None:
    calls: list[Call] = []
    measure(engines(calls), SENTENCES, [], [1, 4], 1)
    rounds = [calls[start : start + 4] for start in range(0, len(calls), 4)]
    for one in rounds:
        assert {call[0] for call in one} == set("abcd")
        assert len({call[1:] for call in one}) == 1
    assert {one[0][0] for one in rounds} == set("abcd"), "each model is first somewhere"


def test_same_seed_same_order_other_seed_other_order() -> None:
    orders = []
    for seed in (1, 1, 2):
        calls: list[Call] = []
        measure(engines(calls), SENTENCES, WARM_UP, [1], seed)
        orders.append(calls)
    assert orders[0] == orders[1] != orders[2]


def test_missed_forced_length_is_refused() -> None:
    broken = {CANDIDATES[0]: FakeEngine("a", [], obeys=False)}
    with pytest.raises(TPruneError, match=r"a \(float32, beam 4\) gave 1 tokens for sentence 0 where 2"):
        measure(broken, SENTENCES, [], [4], 1, ["forced"])


def test_rests_come_between_blocks_of_sentences_never_inside_one() -> None:
    calls: list[Call] = []
    rests: list[tuple[int, float]] = []
    measure(
        *(engines(calls), SENTENCES, [], [1, 4], 1),
        block=3,
        cool_down=2.5,
        rest=lambda seconds: rests.append((len(calls), seconds)),
    )
    of_sentence = 4 * 2 * 2
    assert rests == [(3 * of_sentence, 2.5), (6 * of_sentence, 2.5)]


def test_sentences_are_distinct_and_the_warm_up_is_apart() -> None:
    measured, warm_up = choose_sentences(SENTENCES, 5, 4, seed=3)
    assert len({sentence.number for sentence in measured}) == 5
    assert len(warm_up) == 4
    assert not {s.number for s in warm_up} & {s.number for s in measured}
    assert choose_sentences(SENTENCES, 5, 4, seed=3) == (measured, warm_up)
    assert choose_sentences(SENTENCES, 5, 4, seed=4)[0] != measured


def test_small_test_set_is_measured_whole_and_warms_up_with_itself() -> None:
    measured, warm_up = choose_sentences(SENTENCES, 100, 10, seed=3)
    assert {s.number for s in measured} == set(range(8))
    assert len(warm_up) == 10
    with pytest.raises(TPruneError, match="nothing to measure"):
        choose_sentences([], 100, 10, seed=3)


def test_reading_leaves_out_pairs_with_an_empty_side(tmp_path: Path) -> None:
    source, reference = tmp_path / "s", tmp_path / "r"
    source.write_text("a b\n\nc\u2028d e\n", encoding="utf-8")
    reference.write_text("x\ny\nz z z\n", encoding="utf-8")
    read = read_sentences(source, reference)
    assert [(s.number, s.reference_length) for s in read] == [(0, 1), (2, 3)]
    reference.write_text("x\ny\n", encoding="utf-8")
    with pytest.raises(TPruneError, match="differ in their number of lines"):
        read_sentences(source, reference)


def test_samples_file_has_a_row_per_sample(tmp_path: Path) -> None:
    samples = measure(engines([]), SENTENCES[:2], [], [1], 1, clock=lambda: FakeEngine.time)
    write_samples(tmp_path / "samples.csv", samples)
    with (tmp_path / "samples.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(samples)
    assert rows[0] == {
        "model": samples[0].model,
        "method": samples[0].method,
        "strength": "0",
        "threshold": "0",
        "dtype": "float32",
        "beam": "1",
        "length": samples[0].length,
        "sentence": str(samples[0].sentence),
        "source_tokens": str(samples[0].source_tokens),
        "output_tokens": str(samples[0].output_tokens),
        "seconds": f"{samples[0].seconds:.9f}",
    }


def test_protocol_and_engine_need_neither_torch_nor_pandas() -> None:
    program = (
        "import sys, tprune.latency.ctranslate2_engine, tprune.latency.signature, tprune.latency.pinning\n"
        "heavy = {'torch', 'fairseq', 'pandas', 'scipy', 'psutil'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
