"""The one form of a result, whatever the kind of device, and its check against the job that asked for it."""

import csv
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tprune.errors import TPruneError
from tprune.latency.job import Job
from tprune.latency.protocol import LENGTHS, Candidate, Sample, longest_output

# What a latency must be read with. A device that cannot tell leaves None, except where MEASURED says not.
SIGNATURE_KEYS = (
    *("device", "cpu", "architecture", "cores", "pinned_cores", "system", "engine"),
    *("threads", "beams", "dtypes", "sentences", "warm_up", "seed", "started", "seconds"),
    *("quiet", "throttled"),
)
SIGNATURE_BYTES = 64_000
SAMPLE_BYTES = 500
LONGEST_SECONDS = 3600.0
_COLUMNS = tuple(field.name for field in fields(Sample))
_WHOLE = ("beam", "sentence", "source_tokens", "output_tokens")


def largest_result(job: Job) -> int:
    """The most bytes that samples and signature of this job can take; more is refused unread."""
    return SIGNATURE_BYTES + SAMPLE_BYTES * (job.expected_samples + 1)


def read_result(folder: str | Path, job: Job) -> tuple[list[Sample], dict[str, Any]]:
    """Read samples.csv and signature.json as a device wrote them, and check both against the job."""
    samples_path, signature_path = Path(folder) / "samples.csv", Path(folder) / "signature.json"
    for path in (samples_path, signature_path):
        if not path.is_file():
            raise TPruneError(f"{path}: the device left no such file; measure again")
        if path.stat().st_size > largest_result(job):
            raise TPruneError(
                f"{path}: {path.stat().st_size} bytes, more than the {largest_result(job)} this job can have"
            )
    try:
        with samples_path.open(encoding="utf-8", newline="") as file:
            rows: list[Mapping[str, Any]] = list(csv.DictReader(file))
        signature = json.loads(signature_path.read_text(encoding="utf-8"))
    except (ValueError, csv.Error) as error:
        raise TPruneError(f"{folder}: the result cannot be read ({error}); measure again") from error
    return check_result(parse_samples(rows), signature, job)


def parse_result(text: str | bytes, job: Job) -> tuple[list[Sample], dict[str, Any]]:
    """Read a result that came as one JSON object, {"samples": [{column: value}, ...], "signature": {...}}.

    The columns are those of `protocol.Sample`. TPruneError when it is too large, malformed or does not
    answer the job.
    """
    if len(text) > largest_result(job):
        raise TPruneError(f"result: {len(text)} bytes, more than the {largest_result(job)} this job can have")
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TPruneError(f"result: not JSON ({error})") from error
    if not isinstance(record, dict) or set(record) != {"samples", "signature"}:
        raise TPruneError("result: must be an object with the keys samples and signature, and no others")
    if not isinstance(record["samples"], list):
        raise TPruneError("result: samples must be a list")
    return check_result(parse_samples(record["samples"]), record["signature"], job)


def parse_samples(rows: Sequence[Any]) -> list[Sample]:
    """Samples from rows of text or JSON; TPruneError names the first row and column that is not right."""
    samples = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or set(row) != set(_COLUMNS):
            raise TPruneError(f"sample {number}: must have exactly the columns {', '.join(_COLUMNS)}")
        values: dict[str, Any] = {}
        for column in _COLUMNS:
            try:
                values[column] = _value(column, row[column])
            except (ValueError, TypeError, OverflowError):  # a list, say, or a number of 400 digits
                raise TPruneError(
                    f"sample {number}, column {column}: found {str(row[column])[:80]!r}, "
                    + ("must be a whole number" if column in _WHOLE else _allowed(column))
                ) from None
        samples.append(Sample(**values))
    return samples


def check_result(samples: Sequence[Sample], signature: Any, job: Job) -> tuple[list[Sample], dict[str, Any]]:
    """Return samples and signature if they are a whole answer to the job, else raise TPruneError.

    Every candidate, sentence, beam and length must be there exactly once, with the sentence's length, the
    forced length where one was forced, and a finite time above 0.
    """
    _check_samples(samples, job)
    _check_signature(signature, job)
    _check_readings(signature)
    return list(samples), dict(signature)


def _value(column: str, found: Any) -> Any:
    if isinstance(found, bool) or found is None:
        raise ValueError
    if column in _WHOLE:
        if isinstance(found, float):
            raise ValueError
        return int(found)
    if column == "seconds":
        seconds = float(found)
        if not (math.isfinite(seconds) and 0 < seconds < LONGEST_SECONDS):
            raise ValueError
        return seconds
    if not isinstance(found, str):
        raise ValueError
    if column == "length" and found not in LENGTHS:
        raise ValueError
    return found


def _allowed(column: str) -> str:
    if column == "seconds":
        return f"must be a number above 0 and below {LONGEST_SECONDS:g}"
    return f"allowed: {', '.join(LENGTHS)}" if column == "length" else "must be text"


def _check_samples(samples: Sequence[Sample], job: Job) -> None:
    sentences = {sentence.number: sentence for sentence in job.sentences}
    candidates = [artefact.candidate for artefact in job.artefacts]
    missing = set(itertools.product(candidates, job.beams, LENGTHS, sentences))
    for sample in samples:
        who = Candidate(sample.model, sample.method, sample.strength, sample.threshold, sample.dtype)
        key = (who, sample.beam, sample.length, sample.sentence)
        where = f"samples: {who.model} ({who.dtype}, beam {sample.beam}, {sample.length}), "
        where += f"sentence {sample.sentence}"
        if key not in missing:
            raise TPruneError(f"{where}: stands there twice or was not asked for; measure again")
        missing.remove(key)
        sentence = sentences[sample.sentence]
        if sample.source_tokens != len(sentence.source):
            raise TPruneError(
                f"{where}: {sample.source_tokens} source tokens, the sentence has {len(sentence.source)}"
            )
        least, most = 0, longest_output(len(sentence.source))
        if sample.length == "forced":
            least = most = sentence.reference_length
        if not least <= sample.output_tokens <= most:
            raise TPruneError(
                f"{where}: {sample.output_tokens} output tokens, must be "
                + (f"{least}, which were forced" if least == most else f"at most {most}")
            )
    if missing:
        who, beam, length, number = min(missing, key=str)
        raise TPruneError(
            f"samples: {len(missing)} of {job.expected_samples} are missing, as {who.model} ({who.dtype}, "
            f"beam {beam}, {length}), sentence {number}; measure again"
        )


def _check_signature(signature: Any, job: Job) -> None:
    if not isinstance(signature, Mapping):
        raise TPruneError("signature: must be an object")
    try:
        size = len(json.dumps(signature, allow_nan=False))
    except (ValueError, TypeError) as error:
        raise TPruneError(f"signature: not plain JSON ({error})") from error
    if size > SIGNATURE_BYTES:
        raise TPruneError(f"signature: {size} bytes, more than {SIGNATURE_BYTES}")
    lacking = [key for key in SIGNATURE_KEYS if key not in signature]
    if lacking:
        raise TPruneError(f"signature: lacks the key(s) {', '.join(lacking)}")
    engine = signature["engine"]
    if not isinstance(engine, Mapping) or not {"name", "version"} <= set(engine):
        raise TPruneError("signature: engine must have the keys name and version")
    asked = {
        "beams": list(job.beams),
        "dtypes": list(job.dtypes),
        "sentences": len(job.sentences),
        "warm_up": len(job.warm_up),
        "seed": job.seed,
    }
    found = {**{key: signature[key] for key in asked}, "engine.name": engine["name"]}
    for key, value in {**asked, "engine.name": job.engine}.items():
        if found[key] != value:
            raise TPruneError(f"signature: {key} is {found[key]!r}, the job asked for {value!r}")
    threads = signature["threads"]
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise TPruneError(f"signature: threads is {threads!r}, must be a whole number above 0")
    for key in ("quiet", "throttled"):
        if signature[key] is not None and not isinstance(signature[key], bool):
            raise TPruneError(f"signature: {key} is {signature[key]!r}, must be true, false or null")


def _check_readings(signature: Mapping[str, Any]) -> None:
    """Check what `tprune.latency.throttling` reads, where a device tells it."""
    condition = signature.get("condition_after") or {}
    if not isinstance(condition, Mapping):
        raise TPruneError("signature: condition_after must be an object")
    status = condition.get("thermal_status")
    if status is not None and (isinstance(status, bool) or not isinstance(status, int) or status < 0):
        raise TPruneError(
            f"signature: thermal_status is {str(status)[:80]!r}, must be a whole number or null"
        )
    for key in ("block_mhz", "block_limit_mhz"):
        blocks = signature.get(key) or []
        if not isinstance(blocks, list) or not all(map(_are_numbers, blocks)):
            raise TPruneError(f"signature: {key} must have a list of numbers for each block")


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
    )
