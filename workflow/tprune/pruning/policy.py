"""How a method chooses lines: by a threshold, a latency budget, another method's counts, or whole heads."""

from dataclasses import dataclass

from tprune.latency.latency_model import LatencyModel
from tprune.lines.selection import Selection
from tprune.model.transformer import Transformer
from tprune.pruning.head_importance import Importances
from tprune.pruning.score import Scores, line_scores, random_scores
from tprune.pruning.select import select_as_many, select_by_speedup, select_by_threshold
from tprune.pruning.select_heads import select_heads


@dataclass(frozen=True)
class Request:
    """A point of the grid, and what the configuration says of its choice.

    `speedup` is 0 where a `threshold` is asked for. `round_to`: kept lines of a set are a multiple of it;
    `decoder_layers`: kept at most under a requested speed-up; `seed`: of the lines that are drawn.
    """

    method: str
    strength: float
    threshold: float
    speedup: float
    round_to: int
    decoder_layers: int | None
    seed: int


@dataclass(frozen=True)
class Evidence:
    """What the choice rests on beside the weights; None where it does not.

    `latency_model`, and the milliseconds `dense_ms` that are predicted of the baseline: under a requested
    speed-up. `line_importances`: in place of norms. `head_importances`: of whole heads. `matched`: the
    selection whose counts are kept.
    """

    latency_model: LatencyModel | None = None
    dense_ms: float = 0.0
    line_importances: Scores | None = None
    head_importances: Importances | None = None
    matched: Selection | None = None


def select_lines(model: Transformer, request: Request, evidence: Evidence) -> Selection:
    """The lines that `model` keeps.

    Raises TPruneError where a requested speed-up is beyond reach, or importances are of another model.
    """
    scores = evidence.line_importances
    if scores is None:
        scores = line_scores(model)
    asked, costs = request, evidence.latency_model
    if evidence.matched is not None:
        if asked.method == "random":
            scores = random_scores(scores, asked.seed)
        return select_as_many(scores, evidence.matched, asked.method, asked.strength)
    if costs is None:
        return select_by_threshold(scores, asked.method, asked.strength, asked.threshold, asked.round_to)
    if evidence.head_importances is not None:
        return select_heads(evidence.head_importances, model.architecture, costs.milliseconds, asked.speedup)
    return select_by_speedup(
        scores,
        costs,
        model.architecture,
        evidence.dense_ms,
        asked.speedup,
        asked.method,
        asked.strength,
        asked.round_to,
        asked.decoder_layers,
    )
