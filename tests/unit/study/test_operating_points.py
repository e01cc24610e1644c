import math

import pandas as pd
import pytest

from tprune.errors import TPruneError
from tprune.study import points


def point(table: pd.DataFrame, name: str, dtype: str = "float32") -> pd.Series:
    (place,) = table.index[(table["point"] == name) & (table["dtype"] == dtype)]
    return table.loc[place]


def test_repeats_become_one_point_with_mean_and_deviation(table: pd.DataFrame) -> None:
    assert len(table) == 2 * 9
    found = point(table, "shs_0.01_3x")
    assert found["repeats"] == 3
    assert (found["bleu"], found["bleu_sd"]) == pytest.approx((18.0, 0.1))
    assert (found["chrf"], found["chrf_sd"]) == pytest.approx((36.0, 0.2))
    assert (found["bleu_change"], found["bleu_change_percent"]) == pytest.approx((-2.0, -10.0))
    assert found["bleu_change_percent_sd"] == pytest.approx(0.5)
    assert (found["p_smallest"], found["p_largest"]) == pytest.approx((0.01, 0.03))


def test_interval_of_the_speedup_covers_every_repeat(table: pd.DataFrame) -> None:
    found = point(table, "shs_0.01_3x")
    assert (found["speedup"], found["speedup_low"], found["speedup_high"]) == pytest.approx((3, 2.91, 3.09))
    assert math.isnan(point(table, "magnitude_0.01_3x")["speedup_sd"])


def test_changes_are_against_the_mean_control_of_the_dtype_and_of_float32(table: pd.DataFrame) -> None:
    found = point(table, "magnitude_0.01_1.5x", "int8")
    assert found["bleu"] == pytest.approx(18.8)
    assert found["bleu_change"] == pytest.approx(-1.1)
    assert found["bleu_change_percent_vs_float32"] == pytest.approx(-6.0)
    assert found["speedup_vs_float32"] == pytest.approx(3.0)


def test_models_from_scratch_are_one_family_and_rows_come_in_order(table: pd.DataFrame) -> None:
    rows = table[table["dtype"] == "float32"]
    assert list(rows["point"])[:4] == ["baseline", "control", "shs_0.01_1.5x", "shs_0.01_3x"]
    assert list(rows.loc[rows["family"] == "scratch", "point"]) == ["scratch-narrow", "scratch-dec1"]
    assert points.rivals(rows) == ["shs", "magnitude", "scratch", "heads"]


def test_magnitude_is_one_family_whosever_counts_it_keeps(headline: pd.DataFrame) -> None:
    shs = headline[headline["model"] == "shs_0.01_3x"]
    other = shs.assign(model="magnitude_matched_0_3x", method="magnitude_matched", strength=0.0)
    rows = points.build(pd.concat([headline, other]))
    magnitude = rows[(rows["family"] == "magnitude") & (rows["dtype"] == "float32")]
    assert list(magnitude["method"]) == ["magnitude", "magnitude", "magnitude_matched"]


def test_a_family_that_a_name_does_not_tell_is_given(headline: pd.DataFrame) -> None:
    shs = headline[headline["model"] == "shs_0.01_3x"]
    others = [shs.assign(model=f"{name}_0.01_3x", method=name) for name in ("shs-slim", "shs-longer")]
    placed = {"shs-slim": "shs", "scratch-dec1": "scratch_taught"}
    rows = points.build(pd.concat([headline, *others]), placed)
    families = rows.drop_duplicates("method").set_index("method")["family"]
    assert (families["shs-slim"], families["shs-longer"]) == ("shs", "shs-longer")
    assert (families["scratch-dec1"], families["scratch-narrow"]) == ("scratch_taught", "scratch")


def test_a_threshold_and_a_requested_speedup_are_two_points(headline: pd.DataFrame) -> None:
    other = headline[headline["model"] == "shs_0.01_3x"].assign(
        model="shs_0.01_0.5", threshold=0.5, requested_speedup=None, bleu=17.0
    )
    table = points.build(pd.concat([headline, other], ignore_index=True))
    assert point(table, "shs_0.01_0.5")["bleu"] == 17.0
    assert point(table, "shs_0.01_3x")["bleu"] == pytest.approx(18.0)


def test_a_repeat_that_stands_twice_is_refused(headline: pd.DataFrame) -> None:
    with pytest.raises(TPruneError, match=r"baseline \(float32, beam 1\) has a repeat twice"):
        points.build(pd.concat([headline, headline.head(1)]))


def test_without_a_control_there_is_nothing_to_compare_with(headline: pd.DataFrame) -> None:
    lacking = headline[(headline["method"] != "control") | (headline["dtype"] == "float32")]
    with pytest.raises(TPruneError, match="no `control` in int8"):
        points.build(lacking)


def test_what_was_not_timed_is_not_compared(headline: pd.DataFrame) -> None:
    headline.loc[headline["method"] == "heads", "speedup"] = float("nan")
    assert "heads" not in set(points.compared(points.build(headline), "float32", 1)["family"])
