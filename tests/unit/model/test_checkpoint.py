from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.checkpoint import load_model, save_model
from tprune.model.transformer import Transformer

Share = Literal["all", "decoder", "none"]
SHARED: dict[Share, set[str]] = {
    "all": {"decoder.embed_tokens.weight", "decoder.output_projection.weight"},
    "decoder": {"decoder.output_projection.weight"},
    "none": set(),
}


def small_model(share: Share) -> Transformer:
    """Every attention of another shape; queries and values of different sizes."""
    encoder = StackShape((LayerShape(AttentionShape(2, 3, 5, 0.5), 7),), True, True, True, 30)
    layers = tuple(
        LayerShape(AttentionShape(3, 2 + i, 4, 0.5), 5 + i, AttentionShape(1, 6, 2, 0.4)) for i in range(2)
    )
    decoder = StackShape(layers, False, False, False, 30, True)
    torch.manual_seed(1)
    target = 20 if share == "all" else 23
    return Transformer(Architecture(16, 20, target, encoder, decoder, share)).eval()


def outputs(model: Transformer) -> Tensor:
    tokens = torch.tensor([[4, 7, 9, 2], [5, 6, 2, 1]])
    with torch.no_grad():
        logits, _ = model(tokens, torch.tensor([4, 3]), torch.tensor([[2, 5], [2, 6]]))
    return logits


@pytest.mark.parametrize("share", SHARED)
def test_round_trip(tmp_path: Path, share: Share) -> None:
    model = small_model(share)
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    loaded = load_model(tmp_path / "model.safetensors", tmp_path / "model.json")
    assert not loaded.training
    assert loaded.architecture == model.architecture
    assert torch.equal(outputs(loaded), outputs(model))


@pytest.mark.parametrize("share", SHARED)
def test_a_shared_matrix_is_stored_once_and_stays_shared(tmp_path: Path, share: Share) -> None:
    model = small_model(share)
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    stored = load_file(tmp_path / "model.safetensors")
    assert set(model.state_dict()) - set(stored) == SHARED[share]
    assert sum(value.numel() for value in stored.values()) == sum(p.numel() for p in model.parameters())
    loaded = load_model(tmp_path / "model.safetensors", tmp_path / "model.json")
    assert (loaded.decoder.embed_tokens is loaded.encoder.embed_tokens) == (share == "all")
    shared_output = loaded.decoder.output_projection.weight is loaded.decoder.embed_tokens.weight
    assert shared_output == (share != "none")


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    model = small_model("all")
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    replace(model.architecture, d_model=18).write(tmp_path / "model.json")
    with pytest.raises(TPruneError, match=r"model\.safetensors: the weights do not fit"):
        load_model(tmp_path / "model.safetensors", tmp_path / "model.json")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    model = small_model("all")
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(TPruneError, match=r"model\.safetensors: cannot be read"):
        load_model(tmp_path / "model.safetensors", tmp_path / "model.json")
