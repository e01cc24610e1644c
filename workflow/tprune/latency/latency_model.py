"""How long a model of given sizes takes, before there is one: a latency model fitted to measurements.

    ms = constant + encoder layers * overhead + decoder layers * overhead
         + sum over components of (lines * milliseconds a line)
         + sum over knees of (weights beyond the knee) * milliseconds a weight

Components are those of `latency_design.COMPONENTS`; lines count all heads and layers. Up to there it is the
linear model of a batch-1 translation, in which every weight is read once a step. The last sum is for caches:
what a step of the decoder reads beyond what stays in a cache comes from slower memory, so lines of a large
model cost more than those of a small one. The encoder's lines, which take little time, are weighed by their
multiply-adds, so that they have one coefficient.

All coefficients are fitted by non-negative least squares (Lawson & Hanson 1974) of relative errors, so the
predicted time falls with every line and layer that goes, which a search under a budget needs. The times that
are fitted are robust against hiccups of the machine (`typical_milliseconds`).

Models of several widths d_model have a fit each, as what a line costs depends on the width.

The error is that of leave-one-out predictions of the drawn sizes; the two extremes, which bound what is
predicted, are never left out.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from tprune.errors import TPruneError
from tprune.latency.latency_design import COMPONENTS, EXTREMES
from tprune.latency.protocol import Sample
from tprune.model.architecture import Architecture

ENCODER_LINE = {"encoder.self_attention": 4, "encoder.ffn": 2}
"""Weights of a line for each of the model's width: rows and columns of Q, K, V and O; of FFN1 and FFN2."""

KNEES = 5  # that are offered, evenly between the fewest and the most weights measured


@dataclass(frozen=True)
class LatencyModel:
    """Milliseconds of a sentence (the mean over those measured), for one width in one dtype and beam.

    `layer_ms` by stack, `line_ms` by "stack.component" and per line of one head; `knees` in weights that a
    step of the decoder reads (`step_weights`), `beyond_ms` per weight above each.
    """

    dtype: str
    beam: int
    d_model: int
    constant_ms: float
    layer_ms: Mapping[str, float]
    line_ms: Mapping[str, float]
    knees: Sequence[float]
    beyond_ms: Sequence[float]
    error_mean: float  # relative error of leave-one-out predictions: mean of absolute values
    error_largest: float

    def milliseconds(self, architecture: Architecture) -> float:
        """Predict the milliseconds that a sentence takes."""
        lines = sum(count * self.line_ms[name] for name, count in line_counts(architecture).items())
        layers = sum(len(shape.layers) * self.layer_ms[name] for name, shape in architecture.stacks.items())
        read = step_weights(architecture)
        beyond = sum(
            cost * max(0.0, read - knee) for knee, cost in zip(self.knees, self.beyond_ms, strict=True)
        )
        return self.constant_ms + layers + lines + beyond

    @classmethod
    def read(cls, path: str | Path, dtype: str, beam: int, d_model: int) -> "LatencyModel":
        """Read the one of `dtype`, `beam` and width from latency_model.json; TPruneError without it."""
        try:
            models = [cls(**entry) for entry in json.loads(Path(path).read_text(encoding="utf-8"))["models"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TPruneError(
                f"{path}: not a latency model ({error}); delete it and make it again"
            ) from error
        for model in models:
            if (model.dtype, model.beam, model.d_model) == (dtype, beam, d_model):
                return model
        raise TPruneError(
            f"{path}: no latency model of {dtype} with beam {beam} and d_model {d_model}; "
            "add them to latency.dtypes and latency.beams, or delete it and make it again"
        )


def read_beside_baseline(
    path: str | Path, dtype: str, beam: int, start: Architecture, baseline: Architecture
) -> tuple[LatencyModel, float]:
    """What predicts models as wide as `start`, and the milliseconds that `baseline` is predicted to take.

    They are of one width unless `start` is narrowed. Raises TPruneError as `LatencyModel.read`.
    """
    model, of_baseline = (LatencyModel.read(path, dtype, beam, sizes.d_model) for sizes in (start, baseline))
    return model, of_baseline.milliseconds(baseline)


def line_counts(architecture: Architecture) -> dict[str, float]:
    """Lines of each component of `latency_design.COMPONENTS`, all heads and layers.

    An attention's are the mean of its Q/K and its V/O lines.
    """
    counts = {f"{stack}.{component}": 0.0 for stack, component in COMPONENTS}
    for stack, shape in architecture.stacks.items():
        for layer in shape.layers:
            counts[f"{stack}.ffn"] += layer.ffn_dim
            for component, attention in layer.attentions.items():
                lines = attention.num_heads * (attention.qk_dim + attention.v_dim) / 2
                counts[f"{stack}.{component}"] += lines
    return counts


def step_weights(architecture: Architecture) -> float:
    """Weights that a step of the decoder reads: its layers' and the output projection's.

    The projections of the source's keys and values are read once a sentence and not counted.
    """
    counts = line_counts(architecture)
    lines = 4 * counts["decoder.self_attention"] + 2 * counts["decoder.cross_attention"]
    lines += 2 * counts["decoder.ffn"]
    return architecture.d_model * (lines + architecture.target_vocabulary)


def fit(sizes: Mapping[str, Architecture], samples: Sequence[Sample]) -> list[LatencyModel]:
    """Fit a model for each dtype, beam and width of `samples`, which timed the models of `sizes`.

    Names in `sizes` are those of `latency_design.sizes_to_measure`. Raises TPruneError where samples and
    sizes do not belong together.
    """
    table = pd.DataFrame([vars(sample) for sample in samples])
    if set(table["model"]) != set(sizes):
        raise TPruneError("latency model: the samples are not of the sizes asked for; measure again")
    models = []
    for dtype, beam in sorted(set(zip(table["dtype"], table["beam"], strict=True))):
        group = table[(table["dtype"] == dtype) & (table["beam"] == beam)]
        milliseconds = typical_milliseconds(group)
        for width in sorted({size.d_model for size in sizes.values()}, reverse=True):
            alike = {name: size for name, size in sizes.items() if size.d_model == width}
            models.append(_fit_one(dtype, int(beam), alike, milliseconds.reindex(list(alike)).to_numpy()))
    return models


def typical_milliseconds(samples: pd.DataFrame) -> pd.Series:
    """Milliseconds of each model in samples of one dtype and beam.

    All models translated the same sentences. A model's times are taken relative to the sentences', by
    medians, so that what struck single translations does not count (median polish of logarithms, Tukey 1977).
    """
    seconds = samples.pivot(index="sentence", columns="model", values="seconds")
    logarithms = seconds.map(math.log)
    of_sentence = logarithms.median(axis=1)
    of_model = logarithms.sub(of_sentence, axis=0).median(axis=0)
    return np.exp(of_model) * np.exp(of_sentence).mean() * 1000


def to_json(models: Sequence[LatencyModel], signature: Mapping[str, Any]) -> dict[str, Any]:
    """As latency_model.json holds them, with what they must be read with."""
    return {"signature": dict(signature), "models": [asdict(model) for model in models]}


def _fit_one(
    dtype: str,
    beam: int,
    sizes: Mapping[str, Architecture],
    milliseconds: np.ndarray,
) -> LatencyModel:
    architectures = list(sizes.values())
    left_out = [index for index, name in enumerate(sizes) if not name.endswith(EXTREMES)]
    read = [step_weights(architecture) for architecture in architectures]
    knees = np.linspace(min(read), max(read), KNEES, endpoint=False)
    features = np.array([_features(architecture, knees) for architecture in architectures])
    errors = []
    for index in left_out:
        others = np.arange(len(architectures)) != index
        predicted = features[index] @ _solve(features[others], milliseconds[others])
        errors.append(abs(predicted / milliseconds[index] - 1))
    constant, encoder, decoder, encoder_line, *rest = _solve(features, milliseconds).tolist()
    of_encoder = [weight * encoder_line for weight in ENCODER_LINE.values()]
    of_decoder, beyond = rest[: len(rest) - KNEES], rest[len(rest) - KNEES :]
    names = [f"{stack}.{component}" for stack, component in COMPONENTS]
    return LatencyModel(
        dtype=dtype,
        beam=beam,
        d_model=architectures[0].d_model,
        constant_ms=constant,
        layer_ms={"encoder": encoder, "decoder": decoder},
        line_ms=dict(zip(names, of_encoder + of_decoder, strict=True)),
        knees=knees.tolist(),
        beyond_ms=beyond,
        error_mean=float(np.mean(errors)),
        error_largest=float(np.max(errors)),
    )


def _solve(features: np.ndarray, milliseconds: np.ndarray) -> np.ndarray:
    """The coefficients, none negative, of least squared relative error."""
    relative = features / milliseconds[:, None]
    # Columns differ by orders of magnitude: scaled, none is lost to rounding.
    scale = np.maximum(np.linalg.norm(relative, axis=0), np.finfo(float).tiny)
    coefficients, _ = nnls(relative / scale, np.ones(len(milliseconds)))
    return coefficients / scale


def _features(architecture: Architecture, knees: np.ndarray) -> np.ndarray:
    layers = [len(architecture.encoder.layers), len(architecture.decoder.layers)]
    beyond = np.maximum(0.0, step_weights(architecture) - knees)
    counts = line_counts(architecture)
    encoder = sum(weight * counts[name] for name, weight in ENCODER_LINE.items())
    decoder = [count for name, count in counts.items() if name not in ENCODER_LINE]
    return np.array([1.0, *layers, encoder, *decoder, *beyond])
