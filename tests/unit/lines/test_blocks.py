import math

import torch
from torch import Tensor

from tprune.lines.blocks import blocks
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer


def slow_norms(weight: Tensor, heads: int, heads_along_rows: bool, output_lines: bool) -> list[list[float]]:
    """Head by head, line by line, entry by entry, by index into the whole matrix."""
    rows, columns = weight.shape
    found = []
    for head in range(heads):
        height, width = (rows // heads, columns) if heads_along_rows else (rows, columns // heads)
        top, left = (head * height, 0) if heads_along_rows else (0, head * width)
        cut = [[weight[top + i, left + j].item() for j in range(width)] for i in range(height)]
        lines = cut if output_lines else list(zip(*cut, strict=True))
        found.append([math.sqrt(sum(entry**2 for entry in line)) for line in lines])
    return found


def test_norms_equal_a_slow_reference(model: Transformer, architecture: Architecture) -> None:
    weights = dict(model.named_parameters())
    for block in blocks(architecture):
        for axis in ("output", "input"):
            expected = slow_norms(
                weights[block.parameter], block.heads, block.matrix != "o", output_lines=axis == "output"
            )
            torch.testing.assert_close(
                block.norms(weights, axis).detach(), torch.tensor(expected, dtype=torch.float64)
            )


def test_blocks_are_views_that_cover_their_matrix_once(
    model: Transformer, architecture: Architecture
) -> None:
    weights = {name: p.detach() for name, p in model.named_parameters()}
    for block in blocks(architecture):
        view = block.view(weights[block.parameter])
        assert view.numel() == weights[block.parameter].numel()
        view.add_(1000)
        assert (weights[block.parameter] > 500).all()


def test_every_weight_matrix_of_the_layers_is_cut_once(
    model: Transformer, architecture: Architecture
) -> None:
    matrices = [name for name, p in model.named_parameters() if ".layers." in name and p.dim() == 2]
    assert sorted(block.parameter for block in blocks(architecture)) == sorted(matrices)


def test_names_and_heads(architecture: Architecture) -> None:
    found = {block.parameter: block for block in blocks(architecture)}
    cross = found["decoder.layers.0.encoder_attn.out_proj.weight"]
    assert (cross.stack, cross.layer, cross.component, cross.matrix, cross.heads) == (
        "decoder",
        0,
        "cross_attention",
        "o",
        3,
    )
    inner = found["encoder.layers.1.fc2.weight"]
    assert (inner.component, inner.matrix, inner.heads) == ("ffn", "ffn2", 1)
    assert found["encoder.layers.1.self_attn.k_proj.weight"].heads == 3
