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
_KINDS = ("qk", "vo")  # of an attention


@dataclass(frozen=True)
class SelectedSet:
    """The kept lines of one coupled set.

    `layer` counts in the masked model, after dropped layers are gone; `lines` is the number of lines
    per head; `requested` how many per head the score asked for; `kept` the sorted indices per head
    (the feed-forward has one "head"): as many in every head, or none in a head that is dropped whole.
    """

    stack: Stack
    layer: int
    component: Component
    kind: Kind
    lines: int
    requested: tuple[int, ...]
    kept: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """Lines kept in each head that is not dropped."""
        return max(map(len, self.kept))

    def __str__(self) -> str:
        name = f"{self.stack}.{self.layer}.{self.component}.{self.kind}"
        heads = sum(map(bool, self.kept))
        where = "" if heads in (0, len(self.kept)) else f" in {heads} of {len(self.kept)} heads"
        return f"{name}: {self.count} of {self.lines} lines kept{where}"


@dataclass(frozen=True)
class Selection:
    """All sets of a model, the layers dropped whole (original indices), and what chose them.

    A `speedup` above 0 was asked of a latency model, in place of the threshold.
    """

    method: str
    strength: float
    threshold: float
    round_to: int
    sets: tuple[SelectedSet, ...]
    dropped_layers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    speedup: float = 0.0

    def original_layer(self, chosen: SelectedSet) -> int:
        """The index that `chosen`'s layer had before layers were dropped."""
        layer = chosen.layer
        for gone in sorted(self.dropped_layers.get(chosen.stack, ())):
            if gone <= layer:
                layer += 1
        return layer

    def heads(self, chosen: SelectedSet) -> tuple[int, ...]:
        """The heads that stay in `chosen`'s attention, (0,) in a feed-forward.

        A head is dropped when neither its queries and keys nor its values keep a line; where that holds
        for every head, all stay.
        """
        place = (chosen.stack, chosen.layer, chosen.component)
        together = [s.kept for s in self.sets if (s.stack, s.layer, s.component) == place]
        if len(together) < len(_KINDS):  # a set that is not named keeps everything, heads too
            return tuple(range(len(chosen.kept)))
        alive = (head for head, lines in enumerate(zip(*together, strict=True)) if any(lines))
        return tuple(alive) or tuple(range(len(chosen.kept)))

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
