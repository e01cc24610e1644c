"""What choosing lines costs before any fine-tuning: by that, widths of the residual stream are compared.

The fewer channels a model has, the more lines it keeps for the same latency. Which of the two the model
misses less is asked of the baseline, narrowed to each width and pruned in one shot, on the validation text.
That takes seconds where fine-tuning each takes minutes or hours; what fine-tuning gives back is not seen.
"""

import dataclasses
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tprune.compaction.compact import compact
from tprune.errors import TPruneError
from tprune.evaluation.valid_loss import valid_loss
from tprune.model.transformer import Transformer
from tprune.pruning.drop_layers import drop_layers
from tprune.pruning.policy import Evidence, Request, select_lines
from tprune.pruning.select import SpeedupError

logger = logging.getLogger(__name__)

COLUMNS = ("speedup", "method", "d_model", "valid_loss", "predicted_speedup", "params", "least")


@dataclass(frozen=True)
class OneShot:
    """A method's start, pruned in one shot for a requested `speedup`.

    `valid_loss` in nats a target token; `predicted_speedup` by the latency model, above `speedup` where
    narrowing alone is. Both and `params` are None where the method's width cannot reach `speedup`.
    """

    method: str
    d_model: int
    speedup: float
    valid_loss: float | None = None
    predicted_speedup: float | None = None
    params: int | None = None


def one_shot(
    model: Transformer, request: Request, evidence: Evidence, data: Path, max_tokens: int
) -> OneShot:
    """The loss of `model` once it has been pruned as `request` and `evidence`, its latency model's too, say.

    `data` and `max_tokens` as `valid_loss` takes them. Raises TPruneError as `select_lines`, but where the
    requested speed-up is beyond reach.
    """
    assert evidence.latency_model is not None
    asked = OneShot(request.method, model.architecture.d_model, request.speedup)
    try:
        selection = select_lines(model, request, evidence)
    except SpeedupError as error:
        logger.info("%s", error)
        return asked
    small = compact(drop_layers(model, selection.dropped_layers), selection)
    return dataclasses.replace(
        asked,
        valid_loss=valid_loss(small, data, max_tokens),
        predicted_speedup=evidence.dense_ms / evidence.latency_model.milliseconds(small.architecture),
        params=sum(weight.numel() for weight in small.parameters()),
    )


def read_one_shot(path: str | Path) -> OneShot:
    """Read what the script one_shot wrote; anything else raises TPruneError."""
    try:
        return OneShot(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TPruneError(
            f"{path}: not the loss of a model pruned in one shot ({error}); delete it and make it again"
        ) from error


def least_lossy(found: Sequence[OneShot]) -> OneShot:
    """Of one requested speed-up, the method of least loss, the wider of equals.

    Where none reaches the speed-up, the narrowest: choosing its lines then says what is within reach.
    """
    reached = [one for one in found if one.valid_loss is not None]
    if not reached:
        return min(found, key=lambda one: one.d_model)
    return min(reached, key=lambda one: (one.valid_loss, -one.d_model))


def table(found: Sequence[OneShot]) -> pd.DataFrame:
    """Rows of `COLUMNS`, by speed-up and falling width; `least`: of least loss at that speed-up."""
    rows = []
    for speedup in sorted({one.speedup for one in found}):
        alike = sorted((one for one in found if one.speedup == speedup), key=lambda one: -one.d_model)
        least = least_lossy(alike)
        rows += [{**dataclasses.asdict(one), "least": one is least} for one in alike]
    return pd.DataFrame(rows, columns=list(COLUMNS))
