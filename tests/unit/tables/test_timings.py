"""Devices beside the reference: their columns, their remarks, and what was not timed there."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from planted_results import Planted, plant_device

from tprune.errors import TPruneError
from tprune.tables import headline, markdown, page, weak_penalty
from tprune.tables.sources import read_table
from tprune.tables.timings import TIMED_BESIDE, condition, devices_of
from tprune.tables.writing import write_csv

HOT = {"quiet": None, "throttled": True, "cpu": "Pocket 1"}


@pytest.fixture
def with_phone(planted: Planted, tmp_path: Path) -> Planted:
    """A phone that is three times slower, timed in int8 with beams 1 and 2, and throttled."""
    phone = plant_device(tmp_path, "phone", [1], ["int8"], HOT, slower=3)
    sources = replace(planted.sources, devices=[*planted.sources.devices, phone])
    return replace(planted, sources=sources)


def build(planted: Planted) -> pd.DataFrame:
    return headline.build(planted.points, planted.dtypes, planted.sources)


def test_another_device_has_columns_of_its_own_where_it_was_timed(
    planted: Planted, with_phone: Planted
) -> None:
    table = build(with_phone)
    assert devices_of(table) == ["phone"] and devices_of(build(planted)) == []
    assert list(table.columns[-5:]) == [f"phone_{name}" for name in TIMED_BESIDE]
    pd.testing.assert_frame_equal(table[list(headline.COLUMNS)], build(planted))
    timed = (table["dtype"] == "int8") & (table["beam"] == 1)
    assert (table.loc[timed, "phone_latency_ms"] == 3 * table.loc[timed, "latency_ms"]).all()
    assert (table.loc[timed, "phone_speedup"] == table.loc[timed, "speedup"]).all()
    assert (table.loc[timed, "phone_condition"] == "throttled").all()
    assert table.loc[~timed, [f"phone_{name}" for name in TIMED_BESIDE]].isna().all(axis=None)
    assert (table["condition"] == "ok").all()


def test_a_setting_of_another_device_alone_has_its_rows(planted: Planted, tmp_path: Path) -> None:
    here = replace(planted.sources.devices[0], beams=[4])
    phone = plant_device(tmp_path, "phone", [1], ["int8"], HOT)
    table = headline.build(planted.points, planted.dtypes, replace(planted.sources, devices=[here, phone]))
    settings = table[["dtype", "beam"]].drop_duplicates().apply(tuple, axis=1).tolist()
    assert settings == [("float32", 4), ("int8", 1), ("int8", 4)]
    alone = table[(table["dtype"] == "int8") & (table["beam"] == 1)]
    assert alone["speedup"].isna().all() and alone["phone_speedup"].notna().all()
    text = markdown.render(table, {})
    assert "nan" not in text


def test_a_device_that_was_asked_but_lacks_a_row_is_named(with_phone: Planted, tmp_path: Path) -> None:
    path = tmp_path / "phone.csv"
    pd.read_csv(path).iloc[1:].to_csv(path, index=False)
    with pytest.raises(TPruneError, match=r"phone\.csv: 0 rows .* run the rule latency_phone again"):
        build(with_phone)


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ({"quiet": True, "throttled": False}, "ok"),
        ({"quiet": None, "throttled": None}, "ok"),
        ({"quiet": False, "throttled": None}, "busy"),
        ({"quiet": False, "throttled": True}, "busy+throttled"),
    ],
)
def test_condition_says_what_the_times_suffered_from(signature: dict[str, object], expected: str) -> None:
    assert condition(signature) == expected


def test_remarks_stand_in_csv_markdown_and_page(with_phone: Planted, tmp_path: Path) -> None:
    here = plant_device(tmp_path, "here", [1, 4], ["float32", "int8"], {"quiet": False, "throttled": None})
    sources = replace(with_phone.sources, devices=[here, with_phone.sources.devices[1]])
    table = headline.build(with_phone.points, with_phone.dtypes, sources)
    write_csv(table, tmp_path / "headline.csv")
    read = read_table(tmp_path / "headline.csv", headline.columns(["phone"]))
    assert set(read["condition"]) == {"busy"} and set(read["phone_condition"].dropna()) == {"throttled"}

    text = markdown.render(read, {"here": {"cpu": "Planted 9000"}, "phone": HOT})
    assert text.count(" ms † |") == 4 + 1
    assert text.count("† this machine was busy: other processes") == 4
    assert text.count("† phone was throttled: the device slowed down") == 1
    assert "| phone: ms † |" in text and "phone: speed-up |" in text
    assert "### phone" in text and "- cpu: Pocket 1" in text

    cost = pd.DataFrame({"stage": ["baseline"], "jobs": [1], "seconds": [61.0], "share": [1.0]})
    weak = pd.DataFrame(columns=list(weak_penalty.COLUMNS))
    shown = page.render(page.Findings(read, cost, weak, "Found.", {"here": {}, "phone": HOT}))
    assert shown.count("<th>phone: latency (ms) †</th>") == 1
    assert shown.count("<th>latency (ms) †</th>") == 4
    assert "phone.cpu: <code>Pocket 1</code>" in shown
    assert "nan" not in shown


def test_a_quiet_run_has_no_mark(planted: Planted) -> None:
    text = markdown.render(build(planted), {})
    assert markdown.MARK not in text
    assert math.isnan(build(planted)["p_value"].iloc[1])
