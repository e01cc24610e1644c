"""Made-up result tables of the shape the stages write, for a model of 2 + 2 layers."""

import itertools

import numpy as np
import pandas as pd
import pytest

MATRICES = {"self_attention": "qkvo", "cross_attention": "qkvo"}
LAYERS = [("encoder", 0), ("encoder", 1), ("encoder", 2), ("decoder", 0), ("decoder", 1), ("decoder", 2)]
MODELS = [
    ("baseline", 0.0, 0.0, 0.99, -3.1),
    ("control", 0.0, 0.0, 1.0, 0.0),
    ("shs", 0.003, 0.2, 1.12, 0.4),
    ("shs", 0.003, 0.35, 1.31, -1.9),
    ("shs", 0.01, 0.2, 1.55, -2.6),
    ("shs", 0.01, 0.35, 2.14, -9.7),
    ("group_lasso", 0.05, 0.35, 1.6, -6.0),
    ("magnitude", 0.0, 0.35, 1.54, -5.2),
    ("scratch-shallow", 0.0, 0.0, 1.42, -4.4),
]


@pytest.fixture
def headline() -> pd.DataFrame:
    rows = [
        {
            "model": method,
            "method": method,
            "strength": strength,
            "threshold": threshold,
            "requested_speedup": 0.0,
            "repeat": 1,
            "dtype": dtype,
            "beam": beam,
            "bleu_change_percent": change * (1.1 if dtype == "int8" else 1),
            "speedup": speedup + 0.03 * beam * (speedup - 1),
            "speedup_low": speedup * 0.98,
            "speedup_high": speedup * 1.12,
        }
        for dtype, beam in itertools.product(("float32", "int8"), (1, 4))
        for method, strength, threshold, speedup, change in MODELS
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def budget() -> pd.DataFrame:
    shares = {
        "encoder": 0.22,
        "decoder_self_attention": 0.14,
        "cross_attention": 0.15,
        "decoder_ffn": 0.2,
        "output_projection": 0.17,
        "per_step_overhead": 0.12,
    }
    rows = [
        {
            "dtype": dtype,
            "beam": beam,
            "component": component,
            "latency_ms": share * 40 * beam**0.5 * (0.6 if dtype == "int8" else 1),
            "share": share,
            "speedup_if_free": 1 / (1 - share),
            "speedup_if_free_low": 0.9 / (1 - share),
            "speedup_if_free_high": 1.1 / (1 - share),
        }
        for dtype, beam in itertools.product(("float32", "int8"), (1, 4))
        for component, share in shares.items()
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def profile_lines() -> pd.DataFrame:
    """Q, K, V and FFN1 die by output lines, O and FFN2 by input lines; more at larger strengths."""
    rows = []
    for (stack, layer), strength, axis in itertools.product(LAYERS, (0.02, 0.05, 0.1), ("output", "input")):
        components = ["self_attention", *(["cross_attention"] if stack == "decoder" else []), "ffn"]
        for component in components:
            heads = 1 if component == "ffn" else 4
            for matrix in MATRICES.get(component, ("ffn1", "ffn2")):
                own = (axis == "input") == (matrix in ("o", "ffn2"))
                lines = 1024 if component == "ffn" else 64
                dead = int(lines * min(1.0, strength * (6 if own else 1) * (1 + 0.3 * layer)))
                rows += [
                    {
                        "stack": stack,
                        "layer": layer,
                        "component": component,
                        "matrix": matrix,
                        "head": head,
                        "axis": axis,
                        "strength": strength,
                        "lines": lines,
                        "dead": dead,
                        "sparsity": dead / lines,
                        "valid_loss": 3.2 + 4 * strength,
                    }
                    for head in range(heads)
                ]
    return pd.DataFrame(rows)


@pytest.fixture
def norms() -> dict[float, pd.DataFrame]:
    """Line norms by strength: the stronger the penalty, the more lines near zero."""
    generator = np.random.default_rng(1)
    tables = {}
    for strength in (0.0, 0.003, 0.01):
        parts = []
        for stack, components in (
            ("encoder", ("self_attention", "ffn")),
            ("decoder", ("self_attention", "cross_attention", "ffn")),
        ):
            for component in components:
                for kind in ("ffn",) if component == "ffn" else ("qk", "vo"):
                    small = generator.random(600) < 40 * strength
                    norm = np.where(small, generator.random(600) * 0.1, generator.beta(8, 4, 600))
                    parts.append(
                        pd.DataFrame(
                            {"stack": stack, "layer": 0, "component": component, "kind": kind, "norm": norm}
                        )
                    )
        tables[strength] = pd.concat(parts, ignore_index=True)
    return tables
