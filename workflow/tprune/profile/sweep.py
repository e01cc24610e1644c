"""The tables of the BSSL sweep, read without the libraries that made them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def read_sweep(tables: Sequence[str | Path]) -> pd.DataFrame:
    """The tables of all strengths (see `tprune.profile.dead_lines`) as one, sorted by strength."""
    sweep = pd.concat([pd.read_csv(path) for path in tables], ignore_index=True)
    return sweep.sort_values("strength", kind="stable", ignore_index=True)
