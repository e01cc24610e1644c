"""Where a penalty was too weak to matter: its gradient against the loss's, set by set."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tprune.tables.points import Point
from tprune.tables.sources import read_table

WEAK_SHARE = 0.01
SET_COLUMNS = ("stack", "layer", "component", "kind")
COLUMNS = ("method", "strength", *SET_COLUMNS, "updates", "median_share", "last_share")

log = logging.getLogger(__name__)


def build(points: Sequence[Point], shares: Sequence[Path]) -> pd.DataFrame:
    """The coupled sets on which the penalty's gradient is below 1 % of the loss's, one row each.

    `shares` are the files gradient_share.csv of the penalised models, in the points' order. A set is
    weak when the median over the recorded updates is below `WEAK_SHARE`; `last_share` is that of the last
    update. Every weak model is logged. Raises TPruneError when a file or a column is missing.
    """
    parts = []
    for point, path in zip(points, shares, strict=True):
        table = read_table(path, (*SET_COLUMNS, "update", "share")).sort_values("update", kind="stable")
        groups = table.groupby(list(SET_COLUMNS), sort=False)["share"]
        sets = groups.agg(updates="size", median_share="median", last_share="last").reset_index()
        weak = sets[sets["median_share"] < WEAK_SHARE]
        if len(weak):
            log.warning(
                "%s at strength %s: the penalty's gradient is below %g %% of the loss's on %d of %d sets",
                *(point.method, point.strength, 100 * WEAK_SHARE, len(weak), len(sets)),
            )
        parts.append(weak.assign(method=point.method, strength=float(point.strength)))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]
