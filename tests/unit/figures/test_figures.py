"""Every figure is written, at the size and in the format asked for, from made-up tables."""

import struct
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest

from tprune.figures import latency_budget, line_norms, profile, stage_cost, trade_off
from tprune.figures.canvas import Sheet, canvas
from tprune.tables.points import Point

FINDING = (
    "The paper's finding holds on this model for 5 of 6 kinds of matrix: Q, K, V and FFN1 lose output lines, "
    "O loses input lines; FFN2 does not."
)


@pytest.fixture
def drawings(
    headline: pd.DataFrame,
    budget: pd.DataFrame,
    profile_lines: pd.DataFrame,
    norms: dict[float, pd.DataFrame],
) -> dict[str, Callable[[Sheet], None]]:
    """Every figure, by name, as a function of the sheet."""
    points = [
        (Point("shs" if strength else "magnitude", str(strength)), table) for strength, table in norms.items()
    ]
    cost = pd.DataFrame(
        {
            "stage": ["baseline", "sparsity_profile"],
            "jobs": [1, 3],
            "seconds": [600.0, 42.0],
            "share": [0.93, 0.07],
        }
    )
    return {
        "trade_off": lambda sheet: trade_off.draw(headline, sheet),
        "profile_output": lambda sheet: profile.draw_map(profile_lines, "output", FINDING, sheet),
        "profile_input": lambda sheet: profile.draw_map(profile_lines, "input", FINDING, sheet),
        "sparsity_against_loss": lambda sheet: profile.draw_loss(profile_lines, sheet),
        "line_norms": lambda sheet: line_norms.draw(points, [0.2, 0.35], sheet),
        "latency_budget": lambda sheet: latency_budget.draw(budget, sheet),
        "stage_cost": lambda sheet: stage_cost.draw(cost, sheet),
    }


NAMES = (
    *("trade_off", "profile_output", "profile_input", "sparsity_against_loss"),
    *("line_norms", "latency_budget", "stage_cost"),
)


@pytest.mark.parametrize("name", NAMES)
def test_png_is_written_whole_and_not_blank(
    drawings: dict[str, Callable[[Sheet], None]], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "figures" / f"{name}.png"
    before = dict(matplotlib.rcParams)
    drawings[name](Sheet(path, 50))
    pixels = matplotlib.image.imread(path)
    assert pixels.std() > 0.05
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert dict(matplotlib.rcParams) == before


def test_resolution_scales_the_image(drawings: dict[str, Callable[[Sheet], None]], tmp_path: Path) -> None:
    sizes = []
    for dpi in (50, 100):
        path = tmp_path / f"{dpi}.png"
        drawings["stage_cost"](Sheet(path, dpi))
        sizes.append(struct.unpack(">II", path.read_bytes()[16:24]))
    assert sizes[0][0] == 400  # 8 inches
    assert sizes[1] == (2 * sizes[0][0], 2 * sizes[0][1])


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_other_formats_are_the_same_every_time(
    drawings: dict[str, Callable[[Sheet], None]], tmp_path: Path, suffix: str, start: bytes
) -> None:
    contents = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.{suffix}"
        drawings["stage_cost"](Sheet(path, 50))
        contents.append(path.read_bytes())
    assert contents[0].startswith(start)
    assert contents[0] == contents[1]


def test_a_failed_drawing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), canvas(Sheet(tmp_path / "figure.png", 50), 2, 2):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_dead_shares_pool_heads_and_strengths(profile_lines: pd.DataFrame) -> None:
    shares = profile.dead_shares(profile_lines)
    # 64 lines a head: 7, 19 and 38 of them dead at the strengths 0.02, 0.05 and 0.1
    assert shares[("output", "encoder", 0, "self_attention", "q")] == pytest.approx((7 + 19 + 38) / (3 * 64))
    assert shares[("input", "encoder", 0, "self_attention", "o")] == pytest.approx((7 + 19 + 38) / (3 * 64))
    assert len(shares) == 2 * (6 * 6 + 3 * 4)


def test_trade_off_has_a_curve_for_each_other_device(headline: pd.DataFrame, tmp_path: Path) -> None:
    timed = headline["dtype"] == "int8"
    for number in range(6):
        for name in ("speedup", "speedup_low", "speedup_high"):
            headline[f"phone{number}_{name}"] = (headline[name] * (1 + 0.1 * number)).where(timed)
        headline[f"phone{number}_condition"] = "ok"
    headline.loc[(headline["dtype"] == "int8") & (headline["beam"] == 1), "speedup"] = float("nan")
    trade_off.draw(headline, Sheet(tmp_path / "devices.svg", 50))
    text = (tmp_path / "devices.svg").read_text(encoding="utf-8")
    for number in range(6):
        assert f"on phone{number}" in text
    for colour, _ in trade_off.CURVES:
        assert colour.lower() in text


def test_trade_off_without_a_bleu_to_compare_with(headline: pd.DataFrame, tmp_path: Path) -> None:
    headline["bleu_change_percent"] = float("nan")
    trade_off.draw(headline, Sheet(tmp_path / "empty.png", 50))
    assert (tmp_path / "empty.png").stat().st_size > 0
