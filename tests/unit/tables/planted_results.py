"""A results folder with numbers that are easy to check by hand: two dtypes, two beams, four models."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tprune.atomic import write_json
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.tables.headline import Sources
from tprune.tables.points import Point
from tprune.tables.timings import Timed

DTYPES = ("float32", "int8")
BEAMS = (1, 4)
BLEU = {"baseline": 19.0, "control": 20.0, "shs_0.01_0.35": 19.5, "shs_0.01_0.2": 20.2}
SPEEDUP = {"baseline": 0.99, "control": 1.0, "shs_0.01_0.35": 2.1, "shs_0.01_0.2": 1.4}
POINTS = (
    Point("shs", "0.01", "0.35"),
    Point("control"),
    Point("shs", "0.01", "0.2"),
    Point("baseline"),
)


def architecture(qk: int, v: int, ffn: int, decoder_layers: int = 2) -> Architecture:
    """Two encoder layers, 4 heads; `qk` and `v` per head."""
    attention = AttentionShape(num_heads=4, qk_dim=qk, v_dim=v, scale=0.25)

    def stack(layer: LayerShape, layers: int) -> StackShape:
        return StackShape((layer,) * layers, True, True, False, 1024)

    return Architecture(
        d_model=64,
        source_vocabulary=100,
        target_vocabulary=100,
        encoder=stack(LayerShape(attention, ffn), 2),
        decoder=stack(LayerShape(attention, ffn, attention), decoder_layers),
        share_embeddings="all",
    )


SHAPES = {
    "baseline": architecture(16, 16, 256),
    "control": architecture(16, 16, 256),
    "shs_0.01_0.35": architecture(4, 4, 64, decoder_layers=1),
    "shs_0.01_0.2": architecture(16, 8, 192),
}


@dataclass(frozen=True)
class Planted:
    """The planted files as `headline.build` takes them."""

    folder: Path
    points: tuple[Point, ...]
    dtypes: tuple[str, ...]
    sources: Sources


def plant(tmp_path: Path) -> Planted:
    """Write all that the headline table reads."""
    checks, architectures, scores = [], [], []
    for point in POINTS:
        folder = tmp_path / "compact" / point.model
        checks.append(folder / "check.json")
        architectures.append(folder / "model.json")
        write_json(checks[-1], {"parameters": 1000 * len(point.model)})
        SHAPES[point.model].write(architectures[-1])
        for dtype in DTYPES:
            scores.append(tmp_path / "evaluate" / point.model / dtype / "scores.json")
            write_json(scores[-1], {str(beam): _score(point, dtype, beam) for beam in BEAMS})
    here = plant_device(tmp_path, "here", BEAMS, DTYPES, {"quiet": True, "throttled": None})
    sources = Sources([here], tmp_path / "costs.csv", checks, architectures, scores)
    _costs().to_csv(sources.costs, index=False)
    return Planted(tmp_path, POINTS, DTYPES, sources)


def plant_device(
    tmp_path: Path,
    name: str,
    beams: Sequence[int],
    dtypes: Sequence[str],
    signature: dict[str, object],
    slower: float = 1.0,
) -> Timed:
    """Write the summary and the signature of a device that takes `slower` times as long."""
    device = Timed(name, beams, dtypes, tmp_path / f"{name}.csv", tmp_path / f"{name}.json")
    summary = _summary()
    summary[["latency_ms", "p90_ms"]] *= slower
    asked = summary["beam"].isin(beams) & summary["dtype"].isin(dtypes)
    summary[asked].to_csv(device.summary, index=False)
    write_json(device.signature, signature)
    return device


def _score(point: Point, dtype: str, beam: int) -> dict[str, object]:
    """int8 costs every model one tenth of its BLEU; what a wider beam gives is the same for all."""
    bleu = BLEU[point.model] * (0.9 if dtype == "int8" else 1.0) * (1 + beam / 100)
    return {
        "bleu": bleu,
        "bleu_signature": "nrefs:1|tok:13a",
        "chrf": 2 * bleu,
        "chrf_signature": "nrefs:1|nc:6",
        "p_value": None if point.method == "control" else 0.04,
    }


def _summary() -> pd.DataFrame:
    """At own lengths every model seems a tenth faster than at forced lengths; int8 is twice as fast."""
    rows = []
    for point, dtype, beam, length in itertools.product(POINTS, DTYPES, BEAMS, ("own", "forced")):
        speedup = SPEEDUP[point.model] * (1.1 if length == "own" else 1.0)
        latency = 40 * beam / speedup / (2 if dtype == "int8" else 1)
        rows.append(
            {
                "model": point.model,
                "method": point.method,
                "strength": point.strength,
                "threshold": point.threshold,
                "dtype": dtype,
                "beam": beam,
                "length": length,
                "latency_ms": latency,
                "p90_ms": 2 * latency,
                "speedup": speedup,
                "speedup_low": speedup - 0.05,
                "speedup_high": speedup + 0.05,
                **{
                    f"speedup_vs_float32{end}": (speedup + more) * (2 if dtype == "int8" else 1)
                    for end, more in (("", 0), ("_low", -0.1), ("_high", 0.1))
                },
            }
        )
    return pd.DataFrame(rows)


def _costs() -> pd.DataFrame:
    rows = [
        {
            "model": point.model,
            "dtype": dtype,
            "multiply_adds": 5_000_000,
            "file_bytes": 1_000_000 if dtype == "int8" else 4_000_000,
            "peak_memory_bytes": 90_000_000,
        }
        for point, dtype in itertools.product(POINTS, DTYPES)
    ]
    return pd.DataFrame(rows)
