"""Lines requested and kept, set by set."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tprune.lines.selection import Selection
from tprune.tables.points import Point

COLUMNS = (
    *("model", "method", "strength", "threshold", "requested_speedup", "repeat", "round_to"),
    *("stack", "layer", "original_layer", "component", "kind", "heads", "kept_heads", "lines"),
    *("requested", "kept", "kept_fraction"),
)


def build(points: Sequence[Point], selections: Sequence[Path]) -> pd.DataFrame:
    """One row per model and coupled set: `lines`, `requested` and `kept` are summed over `heads`.

    `kept_heads` are the heads that are not dropped whole. `layer` counts in the pruned model,
    `original_layer` in the baseline. A layer dropped whole has one row that keeps nothing: its component is
    "layer" and `layer` and `requested` are empty.
    Raises TPruneError when a selection cannot be read.
    """
    rows = []
    for point, path in zip(points, selections, strict=True):
        selection = Selection.read(path)
        about = {
            "model": point.model,
            "method": point.method,
            **point.numbers,
            "round_to": selection.round_to,
        }
        rows += [about | row for row in _set_rows(selection)]
        rows += [about | row for row in _dropped_rows(selection)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    counts = ["layer", "original_layer", "heads", "kept_heads", "lines", "requested", "kept"]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _set_rows(selection: Selection) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for chosen in selection.sets:
        heads = len(chosen.kept)
        kept = sum(map(len, chosen.kept))
        rows.append(
            {
                "stack": chosen.stack,
                "layer": chosen.layer,
                "original_layer": selection.original_layer(chosen),
                "component": chosen.component,
                "kind": chosen.kind,
                "heads": heads,
                "kept_heads": len(selection.heads(chosen)),
                "lines": heads * chosen.lines,
                "requested": sum(chosen.requested),
                "kept": kept,
                "kept_fraction": kept / (heads * chosen.lines),
            }
        )
    return rows


def _dropped_rows(selection: Selection) -> list[dict[str, object]]:
    return [
        {"stack": stack, "original_layer": layer, "component": "layer", "kept": 0, "kept_fraction": 0.0}
        for stack, layers in selection.dropped_layers.items()
        for layer in layers
    ]
