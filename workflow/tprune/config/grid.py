"""The models that are compared, as rows of one parameter space: method, strength, threshold."""

from tprune.config.settings import Settings

Point = dict[str, str]


def label(value: float) -> str:
    """A strength or threshold as it stands in paths and tables: 0.01, 0.35, 1e-05."""
    return format(value, "g")


def model_grid(settings: Settings) -> list[Point]:
    """Rows of the target `all`: baseline, control, the SHS grid, the magnitude points."""
    return [
        _point("baseline"),
        _point("control"),
        *(
            _point("shs", strength, threshold)
            for strength in settings.shs.strengths
            for threshold in settings.prune.thresholds
        ),
        *(_point("magnitude", 0, match.threshold) for match in settings.magnitude.matches),
    ]


def rival_grid(settings: Settings) -> list[Point]:
    """Rows of the target `rivals`: those of `all`, then group lasso and the models from scratch.

    A checkpoint in place of the baseline leaves no `model` to make smaller, so none from scratch.
    """
    scratch = [] if settings.baseline.checkpoint else list(settings.scratch)
    return [
        *model_grid(settings),
        *(
            _point("group_lasso", strength, threshold)
            for strength in settings.group_lasso.strengths
            for threshold in settings.group_lasso.thresholds
        ),
        *(_point(f"scratch-{name}") for name in scratch),
    ]


def penalised_grid(settings: Settings) -> list[Point]:
    """Rows (method, strength) of the stage `shs`; `magnitude` is the continuation without a penalty."""
    return [
        {"method": "magnitude", "strength": label(0)},
        *({"method": "shs", "strength": label(value)} for value in settings.shs.strengths),
        *({"method": "group_lasso", "strength": label(value)} for value in settings.group_lasso.strengths),
    ]


def matched_strength(settings: Settings, threshold: str) -> str:
    """The SHS strength whose line counts the magnitude point of this threshold keeps."""
    matches = {label(match.threshold): label(match.strength) for match in settings.magnitude.matches}
    return matches[threshold]


def _point(method: str, strength: float = 0, threshold: float = 0) -> Point:
    return {"method": method, "strength": label(strength), "threshold": label(threshold)}
