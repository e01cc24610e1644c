"""The valid loss after each epoch of a training: whether more updates would still have helped."""

import csv
from pathlib import Path

import pandas as pd

COLUMNS = ("update", "valid_loss")


class LearningCurve:
    """Rows of valid_loss.csv, appended while training runs: update, nats per target token."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __contains__(self, update: int) -> bool:
        """Whether a row is there; a run that was killed comes by the end of an epoch again."""
        return update in read_learning_curve(self.path)["update"].to_numpy()

    def add(self, update: int, valid_loss: float) -> None:
        """Append a row."""
        new = _is_empty(self.path)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([*([COLUMNS] if new else []), (update, valid_loss)])


def read_learning_curve(path: str | Path) -> pd.DataFrame:
    """The rows, empty where no epoch has ended."""
    if _is_empty(path):
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path)


def _is_empty(path: str | Path) -> bool:
    """Also of a file that a kill left with nothing in it."""
    return not Path(path).exists() or Path(path).stat().st_size == 0


def changes_per_epoch(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve with `change_percent`, of the valid loss since the row before, for a whole epoch.

    The first row ends the first epoch; a last part of an epoch counts as what the whole would have changed
    at the same pace.
    """
    epochs = curve["update"].diff() / curve["update"].iloc[0]
    return curve.assign(change_percent=100 * curve["valid_loss"].pct_change() / epochs)
