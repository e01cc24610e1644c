"""The headline table from planted files: every joined number, the order, and errors that name the file."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from planted_results import Planted

from tprune.errors import TPruneError
from tprune.tables import headline, markdown
from tprune.tables.points import Point
from tprune.tables.sources import read_table
from tprune.tables.writing import write_csv


def build(planted: Planted) -> pd.DataFrame:
    return headline.build(planted.points, planted.dtypes, planted.sources)


def row(table: pd.DataFrame, model: str, dtype: str, beam: int) -> pd.Series:
    return table.set_index(["model", "dtype", "beam"]).loc[(model, dtype, beam)]


def test_change_of_bleu_is_relative_to_the_control_of_the_same_dtype(planted: Planted) -> None:
    table = build(planted)
    for dtype, against_float32 in (("float32", -2.5), ("int8", -12.25)):
        shs = row(table, "shs_0.01_0.35", dtype, 1)
        assert shs["bleu_change_percent"] == pytest.approx(-2.5)
        assert shs["bleu_change_percent_vs_float32"] == pytest.approx(against_float32)
        assert row(table, "control", dtype, 4)["bleu_change_percent"] == 0
    assert math.isnan(row(table, "control", "int8", 1)["p_value"])


def test_bleu_is_that_of_the_beam(planted: Planted) -> None:
    narrow, wide = (row(build(planted), "baseline", "int8", beam)["bleu"] for beam in (1, 4))
    assert wide / narrow == pytest.approx(1.04 / 1.01)


def test_change_of_bleu_is_against_the_mean_of_the_controls(planted: Planted) -> None:
    points = [
        Point("control", repeat="2") if point.model == "shs_0.01_0.2" else point for point in planted.points
    ]
    for path in (planted.sources.costs, Path(planted.sources.devices[0].summary)):
        path.write_text(path.read_text().replace("shs_0.01_0.2", "control_r2"))
    table = headline.build(points, planted.dtypes, planted.sources)
    of_controls = table[table["method"] == "control"]
    assert of_controls["bleu"].nunique() > 4, "the two differ"
    for _, rows in of_controls.groupby(["dtype", "beam"]):
        assert rows["bleu_change_percent"].sum() == pytest.approx(0)
        assert rows["bleu_change_percent"].abs().min() > 0


def test_speedup_is_that_of_forced_lengths(planted: Planted) -> None:
    shs = row(build(planted), "shs_0.01_0.35", "int8", 4)
    assert (shs["speedup"], shs["speedup_low"], shs["speedup_high"]) == pytest.approx((2.1, 2.05, 2.15))
    assert shs["speedup_own_length"] == pytest.approx(2.31)
    assert shs["speedup_vs_float32"] == pytest.approx(4.2)
    assert shs["latency_ms"] == pytest.approx(40 * 4 / 2.1 / 2)


def test_kept_fractions_count_dropped_layers(planted: Planted) -> None:
    table = build(planted)
    pruned = row(table, "shs_0.01_0.35", "float32", 1)
    assert pruned["encoder_self_attention_kept"] == 0.25
    assert pruned["encoder_ffn_kept"] == 0.25
    assert pruned["decoder_self_attention_kept"] == 0.125
    assert pruned["decoder_cross_attention_kept"] == 0.125
    assert pruned["decoder_ffn_kept"] == 0.125
    assert pruned["layers_dropped"] == 1
    # 16 query and 8 value lines of 16 and 16 per head
    assert row(table, "shs_0.01_0.2", "float32", 1)["encoder_self_attention_kept"] == 0.75


def test_rows_are_ordered_and_complete(planted: Planted) -> None:
    table = build(planted)
    order = ["baseline", "control", "shs_0.01_0.2", "shs_0.01_0.35"]
    assert list(table["model"]) == order * 4
    assert list(table["dtype"]) == ["float32"] * 8 + ["int8"] * 8
    assert list(table["beam"]) == ([1] * 4 + [4] * 4) * 2
    assert list(table.columns) == list(headline.COLUMNS)
    assert row(table, "control", "int8", 1)["params"] == 7000
    assert row(table, "control", "int8", 1)["file_bytes"] == 1_000_000


def test_csv_keeps_the_numbers(planted: Planted, tmp_path: Path) -> None:
    table = build(planted)
    write_csv(table, tmp_path / "headline.csv")
    read = read_table(tmp_path / "headline.csv", headline.COLUMNS)
    pd.testing.assert_frame_equal(read, table, check_dtype=False, rtol=1e-7)


def test_control_that_translates_nothing_has_no_change(planted: Planted) -> None:
    for path in planted.sources.scores:
        scores = json.loads(path.read_text())
        path.write_text(json.dumps({beam: {**each, "bleu": 0.0} for beam, each in scores.items()}))
    assert build(planted)["bleu_change_percent"].isna().all()


def path_of(planted: Planted, name: str) -> Path:
    if name in ("summary", "signature"):
        return Path(getattr(planted.sources.devices[0], name))
    source = getattr(planted.sources, name)
    return source if isinstance(source, Path) else source[-1]


@pytest.mark.parametrize("name", ["summary", "signature", "costs", "checks", "architectures", "scores"])
def test_a_missing_file_is_named(planted: Planted, name: str) -> None:
    path = path_of(planted, name)
    path.unlink()
    with pytest.raises(TPruneError, match=str(path)):
        build(planted)


@pytest.mark.parametrize(("name", "column"), [("summary", "speedup_low"), ("costs", "file_bytes")])
def test_a_missing_column_is_named(planted: Planted, name: str, column: str) -> None:
    path = path_of(planted, name)
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    with pytest.raises(TPruneError, match=f"{path}.*{column}"):
        build(planted)


@pytest.mark.parametrize("name", ["summary", "costs"])
def test_a_model_that_was_not_measured_is_named(planted: Planted, name: str) -> None:
    path = path_of(planted, name)
    table = pd.read_csv(path)
    table[table["model"] != "shs_0.01_0.2"].to_csv(path, index=False)
    with pytest.raises(TPruneError, match=f"{path}.*shs_0.01_0.2"):
        build(planted)


def test_the_control_is_required(planted: Planted) -> None:
    with pytest.raises(TPruneError, match="control"):
        headline.build([Point("baseline")], planted.dtypes, planted.sources)


def test_markdown_has_a_section_per_setting_and_the_signatures(planted: Planted) -> None:
    text = markdown.render(
        build(planted), {"here": {"cpu": "Planted 9000", "governor": None, "engine": {"beam": [1, 4]}}}
    )
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## float32, beam 1",
        "## float32, beam 4",
        "## int8, beam 1",
        "## int8, beam 4",
        "## Signatures",
    ]
    cells = [line.split("|") for line in text.splitlines() if line.startswith("| shs_0.01_0.35")]
    assert [cell.strip() for cell in cells[0]][1:9] == [
        *("shs_0.01_0.35", "0.01 M", "19.70", "-2.5 %", "0.040", "39.39", "19.0", "2.10x (2.05-2.15)")
    ]
    assert "- BLEU: `nrefs:1|tok:13a`" in text
    assert "- chrF: `nrefs:1|nc:6`" in text
    assert "- cpu: Planted 9000" in text
    assert "- engine.beam: 1, 4" in text
    assert "governor" not in text
    assert "decoded with the beam that is timed" in text
