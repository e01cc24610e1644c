import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape

sizes = st.integers(0, 9)
attentions = st.builds(AttentionShape, sizes, sizes, sizes, st.floats(0.01, 1))
stacks = st.builds(
    StackShape,
    st.lists(st.builds(LayerShape, attentions, sizes, st.none() | attentions), max_size=3).map(tuple),
    *(st.booleans() for _ in range(3)),
    sizes,
    st.booleans(),
)
architectures = st.builds(
    Architecture,
    *(sizes for _ in range(3)),
    stacks,
    stacks,
    st.sampled_from(["all", "decoder", "none"]),
    st.sampled_from(["relu", "gelu"]),
    st.booleans(),
    st.floats(0, 0.9),
)


@given(architectures)
def test_json_round_trip(architecture: Architecture) -> None:
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


def small() -> Architecture:
    attention = AttentionShape.dense(16, 2)
    encoder = StackShape((LayerShape(attention, 8),), True, True, False, 20)
    decoder = replace(encoder, layers=(LayerShape(attention, 8, attention),))
    return Architecture(16, 20, 20, encoder, decoder, "all")


def test_file_round_trip(tmp_path: Path) -> None:
    small().write(tmp_path / "model.json")
    assert Architecture.read(tmp_path / "model.json") == small()


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("d_model"),
        lambda value: value.update(d_modle=3),
        lambda value: value["encoder"].pop("layers"),
        lambda value: value["decoder"]["layers"][0].pop("ffn_dim"),
        lambda value: value["decoder"]["layers"][0]["cross_attention"].update(heads=2),
    ],
    ids=["missing", "unknown", "no layers", "no ffn_dim", "unknown in attention"],
)
def test_other_keys_are_refused(change: object) -> None:
    value = json.loads(json.dumps(small().to_json()))
    change(value)  # type: ignore[operator]
    with pytest.raises(TPruneError, match="not an architecture of this version"):
        Architecture.from_json(value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(TPruneError, match=r"model\.json"):
        Architecture.read(tmp_path / "model.json")


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(TPruneError, match="num_heads"):
        AttentionShape.dense(16, 3)
