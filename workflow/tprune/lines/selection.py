"""Which lines of every coupled set are kept: what pruning decides and compaction carries out."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.model.architecture import Stack

Component = Literal["self_attention", "cross_attention", "ffn"]
Kind = Literal["qk", "vo", "ffn"]


@dataclass(frozen=True)
class SelectedSet:
    """The kept lines of one coupled set.

    `layer` counts in the masked model, after dropped layers are gone; `lines` is the number of lines
    per head; `requested` how many per head the score asked for; `kept` the sorted indices per head
    (the feed-forward has one "head").
    """

    stack: Stack
    layer: int
    component: Component
    kind: Kind
    lines: int
    requested: tuple[int, ...]
    kept: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        count = len(self.kept[0])
        return f"{self.stack}.{self.layer}.{self.component}.{self.kind}: {count} of {self.lines} lines kept"


@dataclass(frozen=True)
class Selection:
    """All sets of a model, the layers dropped whole (original indices), and what chose them."""

    method: str
    strength: float
    threshold: float
    round_to: int
    sets: tuple[SelectedSet, ...]
    dropped_layers: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def original_layer(self, chosen: SelectedSet) -> int:
        """The index that `chosen`'s layer had before layers were dropped."""
        layer = chosen.layer
        for gone in sorted(self.dropped_layers.get(chosen.stack, ())):
            if gone <= layer:
                layer += 1
        return layer

    def write(self, path: str | Path) -> None:
        """Write `lines.json`, atomically."""
        write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: str | Path) -> "Selection":
        """Read `lines.json`; a file of another form raises TPruneError."""
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
            value["sets"] = tuple(_selected(entry) for entry in value["sets"])
            value["dropped_layers"] = {k: tuple(v) for k, v in value["dropped_layers"].items()}
            return cls(**value)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TPruneError(f"{path}: not a selection of lines ({error})") from error


def _selected(entry: dict[str, Any]) -> SelectedSet:
    kept = tuple(tuple(head) for head in entry["kept"])
    return SelectedSet(**{**entry, "requested": tuple(entry["requested"]), "kept": kept})
