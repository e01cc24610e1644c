"""Points are read from the paths of the results."""

import pytest

from tprune.errors import TPruneError
from tprune.tables.points import Point, method_rank


def test_ids_and_keys() -> None:
    shs = Point.from_pattern("method~shs/strength~0.01/threshold~0.35")
    assert shs.model == "shs_0.01_0.35"
    assert shs.numbers == {"strength": 0.01, "threshold": 0.35, "requested_speedup": 0, "repeat": 1}
    fast = Point.from_pattern("method~shs/strength~0.01/threshold~0/speedup~2.5/repeat~3")
    assert fast.model == "shs_0.01_2.5x_r3"
    assert Point("control", repeat="2").model == "control_r2"
    assert Point.from_pattern("method~magnitude/strength~0/threshold~0.2").model == "magnitude_0_0.2"
    assert Point.from_pattern("method~scratch-shallow/strength~0/threshold~0").model == "scratch-shallow"
    assert Point.from_pattern("method~shs/strength~0.01") == Point("shs", "0.01")


@pytest.mark.parametrize("pattern", ["strength~0.1/threshold~0", "method~shs/dtype~int8", ""])
def test_other_paths_are_refused(pattern: str) -> None:
    with pytest.raises(TPruneError, match="method~M"):
        Point.from_pattern(pattern)


def test_unknown_methods_come_last() -> None:
    methods = ["scratch-a", "magnitude", "shs-a", "shs", "control", "group_lasso", "baseline"]
    assert sorted(methods, key=method_rank) == [
        *("baseline", "control", "shs-a", "shs", "group_lasso", "magnitude", "scratch-a")
    ]
