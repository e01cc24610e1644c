"""Writing a table as CSV, whole or not at all."""

from pathlib import Path

import pandas as pd

from tprune.atomic import atomic_path


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """Write `table` without its index; numbers with up to 8 significant digits."""
    with atomic_path(path) as partial:
        table.to_csv(partial, index=False, float_format="%.8g")
