"""A small model with attentions in both stacks, and a batch for it."""

import dataclasses

import torch

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer

HEADS = 4


def make_model(vocabulary: int = 20, positions: int = 16, **options: object) -> Transformer:
    """In double precision, no parameter at 0 or 1; `options` replace those of its architecture."""
    attention = AttentionShape.dense(16, HEADS)
    encoder = StackShape((LayerShape(attention, 24),), True, True, False, positions)
    decoder = StackShape((LayerShape(attention, 24, attention),), True, True, False, positions)
    torch.manual_seed(0)
    shape = Architecture(16, vocabulary, vocabulary, encoder, decoder, "all")
    model = Transformer(dataclasses.replace(shape, **options)).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model


def padded_batch() -> dict[str, object]:
    """Three sentences of other lengths: sources padded on the left, targets on the right, as fairseq does."""
    generator = torch.Generator().manual_seed(3)
    source = torch.randint(4, 20, (3, 7), generator=generator)
    target = torch.randint(4, 20, (3, 6), generator=generator)
    source[0, :3] = source[1, :1] = 1
    target[0, 2:] = target[2, 4:] = 1
    previous = torch.cat([torch.full((3, 1), 2), target[:, :-1]], dim=1)
    lengths = source.ne(1).sum(dim=1)
    inputs = {"src_tokens": source, "src_lengths": lengths, "prev_output_tokens": previous}
    return {"net_input": inputs, "target": target}
