"""The user's own parallel text: checked from end to end while it is copied, before anything is trained."""

import codecs
import gzip
import hashlib
import logging
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from tprune.corpus.pairs import normalise, pair_writers, progress
from tprune.errors import TPruneError

log = logging.getLogger(__name__)

EXAMPLES = 3  # shown of each kind of problem


class Problems:
    """What is wrong with a corpus, by kind: how often, and the first few cases."""

    def __init__(self) -> None:
        """Start with nothing wrong."""
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, kind: str, where: str) -> None:
        """Note one case of `kind`; `where` names file and line."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(where)

    def raise_if_any(self) -> None:
        """Raise one TPruneError that tells all kinds."""
        if not self._counts:
            return
        lines = ["corpus.files: the text cannot be used as it is."]
        for kind, count in self._counts.items():
            lines.append(f"  {kind} ({count:,} found{', the first of them' if count > EXAMPLES else ''}):")
            lines += [f"    {example}" for example in self._examples[kind]]
        lines.append("Mend the files, or name others in corpus.files.train, .valid and .test.")
        raise TPruneError("\n".join(lines))


def locate_pair(prefix: str, source_lang: str, target_lang: str) -> list[str]:
    """Return for each language the path PREFIX.LANG, or PREFIX.LANG.gz if only that exists."""
    paths = []
    for language in (source_lang, target_lang):
        plain, packed = Path(f"{prefix}.{language}"), Path(f"{prefix}.{language}.gz")
        paths.append(str(packed if packed.exists() and not plain.exists() else plain))
    return paths


def write_file_pairs(
    inputs: Mapping[str, Sequence[str | Path]], outputs: Mapping[str, Sequence[str | Path]]
) -> None:
    """Check the files of `inputs` and copy them to `outputs` (each: for every split source and target).

    Inputs may be gzip (.gz). White space is normalised. Memory grows with valid and test (a hash a pair),
    not with train. Test sources that are also in train, with another translation, are counted in a warning.

    Raises:
        TPruneError: with every kind of problem found: a missing, unreadable or empty file, differing line
            counts, invalid UTF-8, an empty side, a pair of valid or test that is also in train. Then nothing
            is written.
    """
    problems = Problems()
    held_out: dict[bytes, str] = {}
    test_sources: Counter[bytes] = Counter()
    trained_sources: set[bytes] = set()
    with pair_writers(outputs) as write:
        # Train comes last: what must not be in it is known by then.
        for split in ("test", "valid", "train"):
            source, target = (Path(path) for path in inputs[split])
            pairs = progress(_checked_pairs(source, target, problems), f"checking {split}")
            for number, source_text, target_text in pairs:
                write[split](source_text, target_text)
                key, source_key = _digest(f"{source_text}\t{target_text}"), _digest(source_text)
                if split == "test":
                    test_sources[source_key] += 1
                elif split == "train" and source_key in test_sources:
                    trained_sources.add(source_key)
                if split != "train":
                    held_out.setdefault(key, f"{source} line {number} ({split})")
                elif key in held_out:
                    problems.add(
                        "training pair that is also held out", f"{source} line {number} = {held_out[key]}"
                    )
        problems.raise_if_any()
    if trained_sources:
        log.warning(
            "%d of %d test sentences are in train by their source alone, with another translation: scores "
            "tell less of new text",
            sum(test_sources[key] for key in trained_sources),
            test_sources.total(),
        )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _checked_pairs(source: Path, target: Path, problems: Problems) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, source, target) of the good pairs; note the others."""
    counts = [0, 0]
    both_lines = zip_longest(_texts(source, problems), _texts(target, problems), fillvalue=_END)
    for number, texts in enumerate(both_lines, start=1):
        good = True
        for side, (path, text) in enumerate(zip((source, target), texts, strict=True)):
            if text is _END:
                good = False
                continue
            counts[side] += 1
            if not isinstance(text, str):
                good = False
            elif not text:
                problems.add("empty side", f"{path} line {number}")
                good = False
        if good:
            yield number, str(texts[0]), str(texts[1])
    for path, count in zip((source, target), counts, strict=True):
        if not count and path.exists():
            problems.add("empty file", f"{path}")
    if counts[0] != counts[1] and source.exists() and target.exists():
        problems.add("differing line counts", f"{source} has {counts[0]:,} lines, {target} has {counts[1]:,}")
    log.info("%s, %s: %s lines", source, target, f"{max(counts):,}")


class _Sentinel:
    """A line that is not there, or not text."""


_END = _Sentinel()
_INVALID = _Sentinel()


def _texts(path: Path, problems: Problems) -> Iterator[str | _Sentinel]:
    """Yield each line of `path`, normalised, or `_INVALID` where it is not UTF-8."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                try:
                    yield normalise(line.decode("utf-8"))
                except UnicodeDecodeError as error:
                    problems.add("invalid UTF-8", f"{path} line {number}, byte {error.start + 1}")
                    yield _INVALID
    except FileNotFoundError:
        problems.add("missing file", f"{path} (nor {path}.gz)" if path.suffix != ".gz" else f"{path}")
    except (OSError, EOFError, zlib.error) as error:
        problems.add("unreadable file", f"{path}: {error}")
