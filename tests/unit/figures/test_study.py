"""The study's figures, from a table of many methods."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from tests.unit.study.conftest import rows_of
from tprune.figures import study
from tprune.figures.canvas import Sheet
from tprune.figures.methods import LOOKS, looks
from tprune.study import area, points

METHODS = (
    *("shs", "shs-equal", "shs-cost", "shs-distilled", "magnitude", "group_lasso", "random", "heads"),
    *("scratch-dec1", "scratch-ffn", "scratch-narrow", "scratch-tiny"),
)


@pytest.fixture
def many() -> pd.DataFrame:
    """About 70 points, each with three seeds for SHS and scratch."""
    generator = np.random.default_rng(1)
    rows = [*rows_of("baseline", 1.0, 24.0), *rows_of("control", 1.0, 25.0, (-0.1, 0.0, 0.2))]
    for place, method in enumerate(METHODS):
        dense = method.startswith("scratch-")
        for speedup in (1.2 + 0.5 * (place - 7),) if dense else (1.15, 1.3, 1.5, 1.75, 2.0, 2.4, 2.8, 3.2):
            bleu = 25.5 - (0.9 + 0.25 * place) * (speedup - 1) ** 1.5 - (6 if method == "random" else 0)
            seeds = tuple(generator.normal(0, 0.15, 3)) if method == "shs" or dense else ()
            speedup = speedup * generator.uniform(0.96, 1.04)
            rows += rows_of(method, speedup, bleu, seeds, requested_speedup=round(speedup, 2))
    int8 = [{**row, "dtype": "int8", "bleu": row["bleu"] - 0.1} for row in rows]
    return points.build(pd.DataFrame([*rows, *int8]))


def test_trade_off_names_every_family_and_counts_what_is_too_deep(many: pd.DataFrame, tmp_path: Path) -> None:
    many.loc[many["family"].eq("random") & many["speedup"].gt(3), "bleu_change_percent"] = -60.0
    path = tmp_path / "trade_off.svg"
    study.draw_trade_off(many, "float32", 1, Sheet(path, 50))
    text = path.read_text(encoding="utf-8")
    for title in ("SHS", "SHS, distilled", "whole heads", "smaller, from scratch"):
        assert f"<!-- {title} -->" in text
    deep = (many["bleu_change_percent"] < study.DEEPEST) & (many["dtype"] == "float32")
    assert deep.sum() > 1
    assert f"<!-- {deep.sum()} points lie below -30 % -->" in text


def test_areas_have_a_bar_for_every_family(many: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "areas.svg"
    study.draw_areas(area.build(many), Sheet(path, 50))
    text = path.read_text(encoding="utf-8")
    assert text.count("<!-- group lasso (to 3x) -->") == 2 and "<!-- SHS (" not in text
    assert "<!-- float32, beam 1 -->" in text and "<!-- int8, beam 1 -->" in text


def test_figures_are_drawn_where_there_is_little(tmp_path: Path) -> None:
    few = points.build(pd.DataFrame([*rows_of("control", 1, 0.0), *rows_of("shs", 1.5, 0.0)]))
    study.draw_trade_off(few, "float32", 1, Sheet(tmp_path / "few.png", 50))
    assert matplotlib.image.imread(tmp_path / "few.png").std() > 0.01
    only = points.build(pd.DataFrame([*rows_of("control", 1, 20.0), *rows_of("shs", 1.5, 19.0)]))
    study.draw_areas(area.build(only), Sheet(tmp_path / "areas.png", 50))
    assert matplotlib.image.imread(tmp_path / "areas.png").std() > 0.01


def test_no_two_families_look_the_same() -> None:
    names = ["shs-a", "shs-b", "shs-c", "movement", "l0", *LOOKS]
    found = looks(names)
    assert set(found) == set(names)
    assert len({(look.marker, look.colour) for look in found.values()}) == len(found)
    assert found["shs-a"].title == "SHS, a" and found["movement"].title == "movement"
