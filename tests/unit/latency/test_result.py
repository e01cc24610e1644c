import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.latency.job import Artefact, Job
from tprune.latency.protocol import LENGTHS, Candidate, Sample, Sentence, write_samples
from tprune.latency.result import check_result, largest_result, parse_result, read_result

JOB = Job(
    engine="ctranslate2",
    threads=1,
    beams=(1, 4),
    seed=1,
    sentences=(Sentence(3, ("a", "b"), 5), Sentence(8, ("a",), 2)),
    warm_up=(Sentence(0, ("c",), 1),),
    artefacts=tuple(
        Artefact(Candidate(name, name, "0", "0", dtype), Path(name))
        for name in ("control", "baseline")
        for dtype in ("float32", "int8")
    ),
)


def whole_samples() -> list[Sample]:
    return [
        Sample(
            **asdict(artefact.candidate),
            beam=beam,
            length=length,
            sentence=sentence.number,
            source_tokens=len(sentence.source),
            output_tokens=sentence.reference_length if length == "forced" else 1,
            seconds=0.25,
        )
        for sentence in JOB.sentences
        for artefact in JOB.artefacts
        for beam in JOB.beams
        for length in LENGTHS
    ]


def whole_signature() -> dict[str, Any]:
    return {
        **dict.fromkeys(("device", "cpu", "architecture", "cores", "pinned_cores", "system"), None),
        "engine": {"name": "ctranslate2", "version": "4"},
        "threads": 1,
        "beams": [1, 4],
        "dtypes": ["float32", "int8"],
        "sentences": 2,
        "warm_up": 1,
        "seed": 1,
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 8.0,
        "quiet": True,
        "throttled": None,
        "more": {"is": ["allowed"]},
    }


def as_json(samples: list[Sample], signature: Any) -> str:
    return json.dumps({"samples": [asdict(sample) for sample in samples], "signature": signature})


def test_a_whole_result_passes_as_files_and_as_json(tmp_path: Path) -> None:
    samples, signature = whole_samples(), whole_signature()
    assert check_result(samples, signature, JOB) == (samples, signature)
    assert parse_result(as_json(samples, signature), JOB) == (samples, signature)
    write_samples(tmp_path / "samples.csv", samples)
    write_json(tmp_path / "signature.json", signature)
    assert read_result(tmp_path, JOB) == (samples, signature)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s.pop(), "1 of 32 are missing, as baseline \\(int8, beam 4, forced\\), sentence 8"),
        (lambda s: s.append(s[0]), "stands there twice"),
        (lambda s: s.append(replace(s[0], model="other")), "other .* was not asked for"),
        (lambda s: s.append(replace(s[0], beam=2)), "beam 2.* was not asked for"),
        (lambda s: s.append(replace(s[0], sentence=0)), "sentence 0.* was not asked for"),
        (lambda s: s.append(replace(s.pop(), output_tokens=3)), "3 output tokens, must be 2"),
        (lambda s: s.append(replace(s.pop(-2), output_tokens=99)), "99 output tokens, must be at most 34"),
        (lambda s: s.append(replace(s.pop(), source_tokens=2)), "2 source tokens, the sentence has 1"),
    ],
)
def test_samples_must_answer_the_job(change: Callable[[list[Sample]], Any], text: str) -> None:
    samples = whole_samples()
    change(samples)
    with pytest.raises(TPruneError, match=text):
        check_result(samples, whole_signature(), JOB)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("seconds", 0.0, "must be a number above 0"),
        ("seconds", float("nan"), "must be a number above 0"),
        ("seconds", float("inf"), "must be a number above 0"),
        ("seconds", 4000.0, "below 3600"),
        ("seconds", "fast", "must be a number above 0"),
        ("seconds", None, "must be a number above 0"),
        ("seconds", True, "must be a number above 0"),
        ("seconds", {}, "must be a number above 0"),
        ("seconds", 10**400, "must be a number above 0"),
        ("beam", 1.5, "must be a whole number"),
        ("beam", [], "must be a whole number"),
        ("output_tokens", "five", "must be a whole number"),
        ("length", "short", "allowed: own, forced"),
        ("model", 7, "must be text"),
        ("model", {}, "must be text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(column: str, value: Any, text: str) -> None:
    record = json.loads(as_json(whole_samples(), whole_signature()))
    record["samples"][4][column] = value
    with pytest.raises(TPruneError, match=f"sample 5, column {column}: .*{text}"):
        parse_result(json.dumps(record), JOB)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON"),
        ("[]", "keys samples and signature"),
        ('{"samples": [], "signature": {}, "more": 1}', "and no others"),
        ('{"samples": {}, "signature": {}}', "samples must be a list"),
        ('{"samples": [1], "signature": {}}', "sample 1: must have exactly the columns"),
        ('{"samples": [{"model": "a"}], "signature": {}}', "sample 1: must have exactly the columns"),
        ('{"samples": [], "signature": {}}', "32 of 32 are missing"),
    ],
)
def test_json_of_another_form_is_refused(text: str, expected: str) -> None:
    with pytest.raises(TPruneError, match=expected):
        parse_result(text, JOB)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        ({"engine": {"name": "other", "version": "1"}}, "engine.name is 'other'"),
        ({"engine": "ctranslate2"}, "engine must have"),
        ({"beams": [1]}, "beams is \\[1\\], the job asked for \\[1, 4\\]"),
        ({"seed": 2}, "seed is 2"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": "two"}, "threads is 'two'"),
        ({"quiet": "yes"}, "quiet is 'yes', must be true, false or null"),
        ({"seconds": float("nan")}, "not plain JSON"),
        ({"more": "x" * 100_000}, "more than 64000"),
        ({"condition_after": "hot"}, "condition_after must be an object"),
        ({"condition_after": {"thermal_status": "hot"}}, "thermal_status is 'hot', must be a whole number"),
        ({"block_mhz": [1800.0]}, "block_mhz must have a list of numbers for each block"),
        ({"block_limit_mhz": [["fast"]]}, "block_limit_mhz must have a list of numbers"),
    ],
)
def test_signature_must_tell_how_it_was_measured(edit: dict[str, Any], text: str) -> None:
    with pytest.raises(TPruneError, match=text):
        check_result(whole_samples(), whole_signature() | edit, JOB)


def test_a_key_that_the_signature_lacks_is_named() -> None:
    signature = whole_signature()
    del signature["cpu"]
    with pytest.raises(TPruneError, match=r"lacks the key\(s\) cpu"):
        check_result(whole_samples(), signature, JOB)
    with pytest.raises(TPruneError, match="must be an object"):
        check_result(whole_samples(), [], JOB)


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match="more than the"):
        parse_result(b"{" * (largest_result(JOB) + 1), JOB)
    write_json(tmp_path / "signature.json", whole_signature())
    with pytest.raises(TPruneError, match=r"samples\.csv: the device left no such file"):
        read_result(tmp_path, JOB)
    (tmp_path / "samples.csv").write_bytes(b"x" * (largest_result(JOB) + 1))
    with pytest.raises(TPruneError, match=r"samples\.csv: .* more than the"):
        read_result(tmp_path, JOB)
