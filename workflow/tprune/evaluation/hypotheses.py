"""Where translations lie: a folder for a model and dtype, in it a file for each beam size."""

from pathlib import Path


def hypotheses_path(directory: str | Path, beam: int) -> Path:
    """The file of a beam size in a folder of translations."""
    return Path(directory) / f"beam~{beam}.txt"
