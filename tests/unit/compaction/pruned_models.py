"""Random small models, random selections of their lines, and a mask written apart from `compact`."""

from typing import Any

import torch
from fairseq.data import Dictionary
from hypothesis import strategies as st

from tprune.compaction.sentences import SentencePairs
from tprune.lines.selection import SelectedSet, Selection
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer

VOCABULARY = 20
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def pieces(letter: str, count: int) -> list[str]:
    return [*SPECIAL, *(f"{letter}{i}" for i in range(count - len(SPECIAL)))]


def dictionary(letter: str, count: int) -> Dictionary:
    made = Dictionary()
    for piece in pieces(letter, count)[len(SPECIAL) :]:
        made.add_symbol(piece)
    return made


def source_letter(architecture: Architecture) -> str:
    return "t" if architecture.share_embeddings == "all" else "s"


def sentence_pairs(architecture: Architecture, count: int = 5) -> SentencePairs:
    source = dictionary(source_letter(architecture), architecture.source_vocabulary)
    target = dictionary("t", architecture.target_vocabulary)
    generator = torch.Generator().manual_seed(count)

    def sentence(symbols: list[str]) -> list[str]:
        length = int(torch.randint(1, 9, (1,), generator=generator))
        picks = torch.randint(4, len(symbols), (length,), generator=generator)
        return [symbols[i] for i in picks]

    return SentencePairs(
        [sentence(source.symbols) for _ in range(count)],
        [sentence(target.symbols) for _ in range(count)],
        source,
        target,
    )


def random_model(architecture: Architecture, seed: int = 0) -> Transformer:
    """No parameter is left at 0 or 1, so that biases and norms count."""
    torch.manual_seed(seed)
    model = Transformer(architecture).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return model


@st.composite
def architectures(draw: Any, equal_dims: bool) -> Architecture:
    """Any mixture of options.

    `equal_dims` gives queries and values the same size and a stack one number of heads, for CTranslate2.
    """
    share = draw(st.sampled_from(["all", "decoder", "none"]))
    stacks = []
    for stack in ("encoder", "decoder"):
        common = draw(st.sampled_from([1, 2, 4]))

        def attention(common: int = common) -> AttentionShape:
            heads = common if equal_dims else draw(st.sampled_from([1, 2, 3, 4]))
            qk = draw(st.integers(1, 5))
            v = qk if equal_dims else draw(st.integers(1, 5))
            return AttentionShape(heads, qk, v, draw(st.sampled_from([0.25, 0.5, 1.0])))

        layers = [
            LayerShape(attention(), draw(st.integers(1, 9)), attention() if stack == "decoder" else None)
            for _ in range(draw(st.integers(1, 3)))
        ]
        pre_norm, final_norm, learned, embedding_norm = (draw(st.booleans()) for _ in range(4))
        stacks.append(StackShape(tuple(layers), pre_norm, final_norm, learned, 72, embedding_norm))
    target = VOCABULARY if share == "all" else VOCABULARY + 3
    activation = draw(st.sampled_from(["relu", "gelu"]))
    return Architecture(16, VOCABULARY, target, *stacks, share, activation, draw(st.booleans()))


@st.composite
def selections(draw: Any, architecture: Architecture, equal_dims: bool) -> Selection:
    """Some lines of every set, the same count in every head that stays; none at all is among the cases.

    With `equal_dims` all attentions of a stack keep the same number of heads, as CTranslate2 needs.
    """

    def kept(heads: int, alive: list[int], lines: int, count: int) -> tuple[tuple[int, ...], ...]:
        chosen = (tuple(sorted(draw(st.permutations(range(lines)))[:count])) for _ in range(heads))
        return tuple(lines if head in alive else () for head, lines in enumerate(chosen))

    sets = []
    for stack, shape in architecture.stacks.items():
        staying = draw(st.integers(1, shape.layers[0].self_attention.num_heads))
        for i, layer in enumerate(shape.layers):
            for component in ("self_attention", "cross_attention"):
                attention = getattr(layer, component)
                if attention is None:
                    continue
                heads = attention.num_heads
                left = staying if equal_dims else draw(st.integers(1, heads))
                alive = draw(st.permutations(range(heads)))[:left]
                least = int(left < heads)  # where nothing is kept, all heads stay
                count = draw(st.integers(least, min(attention.qk_dim, attention.v_dim)))
                for kind, lines in (("qk", attention.qk_dim), ("vo", attention.v_dim)):
                    count = count if equal_dims else draw(st.integers(0, lines))
                    chosen = kept(heads, alive, lines, count)
                    sets.append(SelectedSet(stack, i, component, kind, lines, (), chosen))
            chosen = kept(1, [0], layer.ffn_dim, draw(st.integers(0, layer.ffn_dim)))
            sets.append(SelectedSet(stack, i, "ffn", "ffn", layer.ffn_dim, (), chosen))
    return Selection("shs", 0.01, 0.3, 1, tuple(sets))


def mask(model: Transformer, selection: Selection) -> None:
    """Zero the lines of `model` that `selection` does not keep, head by head, line by line."""
    for chosen in selection.sets:
        layer = getattr(model, chosen.stack).layers[chosen.layer]
        attention = {"self_attention": "self_attn", "cross_attention": "encoder_attn"}.get(chosen.component)
        for head, kept in enumerate(chosen.kept):
            for line in set(range(chosen.lines)) - set(kept):
                row = head * chosen.lines + line
                with torch.no_grad():
                    if attention is None:
                        zero_line([layer.fc1], layer.fc2, row)
                    elif chosen.kind == "qk":
                        module = getattr(layer, attention)
                        zero_line([module.q_proj, module.k_proj], None, row)
                    else:
                        module = getattr(layer, attention)
                        zero_line([module.v_proj], module.out_proj, row)


def zero_line(into: list[torch.nn.Linear], out_of: torch.nn.Linear | None, row: int) -> None:
    for linear in into:
        linear.weight[row] = 0
        linear.bias[row] = 0
    if out_of is not None:
        out_of.weight[:, row] = 0
