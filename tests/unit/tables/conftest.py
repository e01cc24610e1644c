"""Fixtures of the tables' tests."""

from pathlib import Path

import pytest
from planted_results import Planted, plant


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """A results folder with planted numbers."""
    return plant(tmp_path)
