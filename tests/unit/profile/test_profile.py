"""The profile read off a model in which lines were made to die."""

import subprocess
import sys
from pathlib import Path

import pytest

from tprune.lines.blocks import blocks
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer
from tprune.profile.dead_lines import dead_lines
from tprune.profile.dominant_axis import dominant_axes, finding
from tprune.profile.strengths import COUPLED_AXIS, relative_strengths, sensitivity_order
from tprune.profile.sweep import read_sweep


@pytest.fixture
def model() -> Transformer:
    attention = AttentionShape.dense(16, 2)
    encoder = StackShape((LayerShape(attention, 32),) * 2, True, True, False, 64)
    decoder = StackShape((LayerShape(attention, 32, attention),), True, True, False, 64)
    return Transformer(Architecture(16, 40, 40, encoder, decoder, "all"))


def plant(model: Transformer, matrix: str, axis: str, dead: int, layer: int | None = None) -> None:
    """Make `dead` lines of every head die in each block of `matrix` (of one encoder layer, or of all)."""
    weights = dict(model.named_parameters())
    for block in blocks(model.architecture):
        if block.matrix == matrix and (layer is None or (block.stack, block.layer) == ("encoder", layer)):
            view = block.view(weights[block.parameter].data)
            (view[:, :dead] if axis == "output" else view[:, :, :dead]).zero_()


def test_planted_lines_are_counted_where_they_died(model: Transformer) -> None:
    plant(model, "q", "output", 3, layer=1)
    table = dead_lines(model, 0.1, 2.5)
    found = table[table["dead"] > 0]
    assert set(found["matrix"]) == {"q"} and set(found["axis"]) == {"output"}
    assert found[["stack", "layer", "head", "lines", "dead"]].to_numpy().tolist() == [
        ["encoder", 1, 0, 8, 3],
        ["encoder", 1, 1, 8, 3],
    ]
    assert (found["sparsity"] == 3 / 8).all() and (table["valid_loss"] == 2.5).all()


def test_every_block_and_axis_has_a_row_of_the_right_length(model: Transformer) -> None:
    table = dead_lines(model, 0.1, 2.5)
    # 4 attention places of 4 matrices with 2 heads, 3 feed-forwards of 2 matrices, on 2 axes.
    assert len(table) == (4 * 4 * 2 + 3 * 2) * 2
    lines = table.groupby(["matrix", "axis"])["lines"].unique().map(list).to_dict()
    assert lines["q", "output"] == [8] and lines["q", "input"] == [16]
    assert lines["o", "output"] == [16] and lines["o", "input"] == [8]
    assert lines["ffn2", "output"] == [16] and lines["ffn2", "input"] == [32]


def test_a_nearly_dead_line_is_not_dead(model: Transformer) -> None:
    plant(model, "v", "output", 1)
    for parameter in model.parameters():
        parameter.data[parameter.data == 0] = 1e-30
    assert dead_lines(model, 0.1, 2.5)["dead"].sum() == 0


def test_the_papers_finding_is_recognised(model: Transformer) -> None:
    for matrix, axis in COUPLED_AXIS.items():
        plant(model, matrix, axis, 2)
    axes = dominant_axes(dead_lines(model, 0.1, 2.5))
    assert dict(zip(axes["matrix"], axes["axis"], strict=True)) == COUPLED_AXIS
    assert finding(axes).endswith("holds on this model.")


def test_a_matrix_on_which_neither_axis_leads_is_undecided(model: Transformer) -> None:
    for matrix, axis in COUPLED_AXIS.items():
        if matrix != "v":
            plant(model, matrix, axis, 2)
    sentence = finding(dominant_axes(dead_lines(model, 0.1, 2.5)))
    assert "holds on this model where an axis leads; undecided, as neither axis leads: V (0.000" in sentence
    assert "differs" not in sentence
    plant(model, "q", "input", 8)
    sentence = finding(dominant_axes(dead_lines(model, 0.1, 2.5)))
    assert "only in part" in sentence and "differs for Q (by input lines" in sentence
    assert sentence.endswith("undecided, as neither axis leads: V (0.000 output, 0.000 input).")


def test_a_departure_from_the_finding_is_named(model: Transformer) -> None:
    for matrix in COUPLED_AXIS:
        plant(model, matrix, "output", 2)
    sentence = finding(dominant_axes(dead_lines(model, 0.1, 2.5)))
    assert "only in part" in sentence and "O (by output lines" in sentence and "FFN2 (by output" in sentence


def test_nothing_dead_leaves_no_axis_and_equal_strengths(model: Transformer) -> None:
    table = dead_lines(model, 0.1, 2.5)
    assert set(dominant_axes(table)["axis"]) == {"none"}
    sentence = finding(dominant_axes(table))
    assert sentence.startswith("No line died") and sentence.endswith("raise bssl.strengths.")
    assert set(relative_strengths(sensitivity_order(table)).values()) == {1.0}


def test_sets_that_die_readily_come_first_and_are_pushed_harder(model: Transformer) -> None:
    plant(model, "ffn1", "output", 16, layer=1)
    plant(model, "ffn2", "input", 16, layer=1)
    plant(model, "v", "output", 2, layer=0)
    order = sensitivity_order(dead_lines(model, 0.1, 2.5))
    assert order.loc[0, ["stack", "layer", "component", "kind"]].tolist() == ["encoder", 1, "ffn", "ffn"]
    assert order.loc[0, "sparsity"] == 0.5
    assert order.loc[1, ["stack", "layer", "kind"]].tolist() == ["encoder", 0, "vo"]
    strengths = relative_strengths(order)
    assert strengths["encoder.1.ffn.ffn"] == 2.0 and strengths["decoder.0.ffn.ffn"] == 0.5
    assert len(strengths) == len(order)


def test_deaths_across_the_coupled_axis_do_not_count(model: Transformer) -> None:
    plant(model, "q", "input", 8)
    assert sensitivity_order(dead_lines(model, 0.1, 2.5))["sparsity"].sum() == 0


def test_the_sweep_is_sorted_by_strength(model: Transformer, tmp_path: Path) -> None:
    for strength in (0.2, 0.05):
        dead_lines(model, strength, 2.5).to_csv(tmp_path / f"{strength}.csv", index=False)
    sweep = read_sweep([tmp_path / "0.2.csv", tmp_path / "0.05.csv"])
    assert sweep["strength"].is_monotonic_increasing and set(sweep["strength"]) == {0.05, 0.2}
    assert len(sweep) == 2 * len(dead_lines(model, 0.2, 2.5))


def test_reading_the_sweep_loads_no_torch() -> None:
    modules = ("profile.sweep", "profile.dominant_axis", "profile.strengths", "tables.writing")
    imports = ", ".join(f"tprune.{module}" for module in modules)
    code = f"import sys, {imports}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
