"""The models that are compared, as rows of one parameter space: method, strength, threshold, speedup, repeat.

Which lines stay is decided by a threshold, or by a requested speed-up; the other of the two is 0. A repeat is
the same with another seed.
"""

from collections.abc import Iterable

from tprune.config.methods import UNPENALISED, method_of
from tprune.config.settings import Settings

Point = dict[str, str]
SEEDS_APART = 1000  # between repeats; stages use seeds of their own below that


def label(value: float) -> str:
    """A strength, threshold or speed-up as it stands in paths and tables: 0.01, 0.35, 1e-05."""
    return format(value, "g")


def model_grid(settings: Settings) -> list[Point]:
    """Rows of the target `all`: baseline, control, the SHS grid, the magnitude points."""
    matched = [_point("magnitude", 0, match.threshold) for match in settings.magnitude.matches]
    return _repeated(
        settings,
        [
            _point("baseline"),
            _point("control"),
            *_points(settings, "shs", settings.shs.strengths, settings.prune.thresholds),
            *matched,
            *_points(settings, "magnitude", [0]),
        ],
    )


def rival_grid(settings: Settings) -> list[Point]:
    """Rows of the target `rivals`: those of `all`, then the other rivals, ablations and models from scratch.

    A checkpoint in place of the baseline leaves no `model` to make smaller, so none from scratch.
    """
    scratch = [] if settings.baseline.checkpoint else list(settings.scratch)
    lasso = settings.group_lasso
    rest = [
        *_points(settings, "group_lasso", lasso.strengths, lasso.thresholds),
        *_points(settings, "taylor", [0]),
        *_points(settings, "magnitude_matched", [0]),
        *_points(settings, "random", [0]),
        *_points(settings, "heads", [0]),
    ]
    for name, changed in settings.ablations.items():
        thresholds = settings.prune.thresholds if changed.thresholds is None else changed.thresholds
        strengths = [0] if changed.penalty == "none" else settings.shs.strengths
        rest += _points(settings, f"shs-{name}", strengths, thresholds)
    rest += [_point(f"scratch-{name}") for name in scratch]
    return [*model_grid(settings), *_repeated(settings, rest)]


def penalised_grid(settings: Settings) -> list[Point]:
    """Rows (method, strength, repeat) of the stage `shs`: what the rows of `rivals` are pruned from."""
    rows = [{"method": UNPENALISED, "strength": label(0), "repeat": "1"}]
    for point in rival_grid(settings):
        if point["method"] == "baseline" or point["method"].startswith("scratch-"):
            continue
        method = method_of(settings, point["method"]).penalised
        rows.append({"method": method, "strength": point["strength"], "repeat": point["repeat"]})
    return [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]


def target_grid(settings: Settings, requested: Iterable[tuple[str, float]]) -> list[Point]:
    """Rows that a target is chosen among: the control, then SHS of every strength at each requested speed-up.

    `requested`: method (SHS, or an ablation of another width) and speed-up.
    """
    asked = list(requested)
    rows = [
        _point(method, strength, 0, speedup)
        for strength in settings.shs.strengths
        for method, speedup in asked
    ]
    return [_point("control"), *rows]


def matched_strength(settings: Settings, threshold: str) -> str:
    """The SHS strength whose line counts the magnitude point of this threshold keeps."""
    matches = {label(match.threshold): label(match.strength) for match in settings.magnitude.matches}
    return matches[threshold]


def requested_speedups(settings: Settings, method: str) -> list[float]:
    """What a method is asked for: `prune.speedups`, unless it has its own."""
    return settings.own_speedups.get(method, settings.prune.speedups)


def seed_of_repeat(repeat: str) -> int:
    """What a repeat adds to every seed: nothing for the first."""
    return SEEDS_APART * (int(repeat) - 1)


def _points(
    settings: Settings, method: str, strengths: Iterable[float], thresholds: Iterable[float] = ()
) -> list[Point]:
    """Each strength with each threshold, then with each requested speed-up."""
    speedups = requested_speedups(settings, method)
    return [
        *(_point(method, strength, threshold) for strength in strengths for threshold in thresholds),
        *(_point(method, strength, 0, speedup) for strength in strengths for speedup in speedups),
    ]


def _repeated(settings: Settings, points: Iterable[Point]) -> list[Point]:
    """Each as often as its method is repeated, at the requested speed-ups that repeats hold for."""
    held = {label(0), *map(label, settings.repeated_speedups)}
    return [
        {**point, "repeat": str(repeat)}
        for point in points
        for repeat in range(1, settings.repeats.get(point["method"], 1) + 1)
        if repeat == 1 or not settings.repeated_speedups or point["speedup"] in held
    ]


def _point(method: str, strength: float = 0, threshold: float = 0, speedup: float = 0) -> Point:
    return {
        "method": method,
        "strength": label(strength),
        "threshold": label(threshold),
        "speedup": label(speedup),
        "repeat": "1",
    }
