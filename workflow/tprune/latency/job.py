"""What a device is asked to measure: engine, settings, sentences and models, as one JSON file.

Nothing here needs more than the standard library: the file also runs on a phone.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.latency.protocol import LENGTHS, Candidate, Sentence


@dataclass(frozen=True)
class Artefact:
    """A model in one dtype and the folder that holds it."""

    candidate: Candidate
    directory: Path


@dataclass(frozen=True)
class Job:
    """All that a device needs to know to measure; the same for every kind.

    `sentences` are timed, `warm_up` come before and are not; `threads` is also the number of cores to pin
    to. After every `block` sentences the device rests for `cool_down` seconds (0: never).
    """

    engine: str
    threads: int
    beams: tuple[int, ...]
    seed: int
    sentences: tuple[Sentence, ...]
    warm_up: tuple[Sentence, ...]
    artefacts: tuple[Artefact, ...]
    cool_down: float = 0.0
    block: int = 10

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes of the artefacts, each once."""
        return tuple(dict.fromkeys(artefact.candidate.dtype for artefact in self.artefacts))

    @property
    def expected_samples(self) -> int:
        """How many samples a whole measurement has."""
        return len(self.artefacts) * len(self.sentences) * len(self.beams) * len(LENGTHS)

    def write(self, path: str | Path) -> None:
        """Write the job as JSON, atomically; the models' folders relative to the file's."""
        folder = Path(path).absolute().parent
        record: dict[str, Any] = {**{field.name: getattr(self, field.name) for field in fields(self)}}
        record["sentences"] = [asdict(sentence) for sentence in self.sentences]
        record["warm_up"] = [asdict(sentence) for sentence in self.warm_up]
        record["artefacts"] = [
            {**asdict(artefact.candidate), "directory": _relative(artefact.directory, folder)}
            for artefact in self.artefacts
        ]
        write_json(path, record)

    @classmethod
    def read(cls, path: str | Path) -> "Job":
        """Read what `write` wrote; TPruneError if it is not whole."""
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(
                **{
                    **record,
                    "beams": tuple(record["beams"]),
                    "sentences": tuple(map(_sentence, record["sentences"])),
                    "warm_up": tuple(map(_sentence, record["warm_up"])),
                    "artefacts": tuple(
                        _artefact(item, Path(path).absolute().parent) for item in record["artefacts"]
                    ),
                }
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TPruneError(f"{path}: not a latency job ({error!r}); measure again") from error


def position_limits(directory: str | Path) -> tuple[int, int]:
    """The most source and target tokens for which the model in `directory` has positions.

    From its config.json, keys max_source_positions and max_target_positions; TPruneError if unreadable.
    """
    path = Path(directory) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return int(config["max_source_positions"]), int(config["max_target_positions"])
    except (OSError, ValueError, KeyError) as error:
        raise TPruneError(
            f"{path}: no numbers of positions ({error!r}); delete the folder and make it again"
        ) from error


def _relative(directory: Path, folder: Path) -> str:
    return Path(os.path.relpath(directory.absolute(), folder)).as_posix()


def _sentence(record: Mapping[str, Any]) -> Sentence:
    return Sentence(record["number"], tuple(record["source"]), record["reference_length"])


def _artefact(record: Mapping[str, Any], folder: Path) -> Artefact:
    candidate = Candidate(**{field.name: record[field.name] for field in fields(Candidate)})
    return Artefact(candidate, folder / record["directory"])
