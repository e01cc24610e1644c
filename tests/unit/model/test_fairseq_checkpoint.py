from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.sequence_generator import SequenceGenerator
from stock_models import EACH_OPTION, PAD, Stock, batch, random_options, stock
from torch import Tensor

from tprune.model.architecture import Architecture
from tprune.model.fairseq_checkpoint import load_fairseq_checkpoint
from tprune.model.transformer import Transformer

MIXTURES = {f"mixture_{seed}": random_options(seed) for seed in range(8)}


def assert_same_outputs(model: Transformer, reference: Stock) -> None:
    """At every real position; what stands at padding is never used."""
    for left_pad_source in (True, False):
        sample = batch(reference, left_pad_source=left_pad_source)
        assert sample["src_tokens"].eq(PAD).any(), "the test needs padding"
        real = sample["prev_output_tokens"].ne(PAD)
        with torch.no_grad():
            expected, _ = reference.model(**sample)
            found, _ = model(**sample)
        torch.testing.assert_close(found[real], expected[real], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("arguments", (EACH_OPTION | MIXTURES).values(), ids=(EACH_OPTION | MIXTURES))
def test_outputs_equal_stock(tmp_path: Path, arguments: list[str]) -> None:
    reference = stock(tmp_path, arguments)
    model = load_fairseq_checkpoint(reference.save(), *reference.dictionaries)
    assert_same_outputs(model, reference)
    assert Architecture.from_json(model.architecture.to_json()) == model.architecture


def test_architecture_of_a_checkpoint(tmp_path: Path) -> None:
    arguments = ["--encoder-layers", "3", "--decoder-attention-heads", "2", "--decoder-normalize-before"]
    arguments += ["--max-source-positions", "50", "--dropout", "0.25"]
    reference = stock(tmp_path, arguments)
    shape = load_fairseq_checkpoint(reference.save(), *reference.dictionaries).architecture
    assert (shape.d_model, shape.source_vocabulary, shape.target_vocabulary) == (16, 18, 21)
    assert (shape.share_embeddings, shape.activation, shape.dropout) == ("none", "relu", 0.25)
    assert [layer.ffn_dim for layer in shape.encoder.layers] == [24, 24, 24]
    assert [layer.ffn_dim for layer in shape.decoder.layers] == [20, 20]
    assert (shape.encoder.pre_norm, shape.decoder.pre_norm) == (False, True)
    assert (shape.encoder.max_positions, shape.decoder.max_positions) == (50, 1024)
    attention = shape.decoder.layers[0].cross_attention
    assert attention is not None
    assert (attention.num_heads, attention.qk_dim, attention.v_dim) == (2, 8, 8)
    assert attention.scale == pytest.approx(8**-0.5)


def stored_by(reference: Stock) -> dict[str, Any]:
    return torch.load(reference.save(), weights_only=False)


def namespace(stored: dict[str, Any]) -> Namespace:
    return stored["cfg"]["model"]


@pytest.mark.parametrize("arguments", [[], EACH_OPTION["share_decoder"]], ids=["separate", "shared"])
def test_checkpoint_of_an_old_version(tmp_path: Path, arguments: list[str]) -> None:
    reference = stock(tmp_path, arguments)
    stored = stored_by(reference)
    old = {"args": namespace(stored), "model": as_before_0_9(stored["model"])}
    path = tmp_path / "old.pt"
    torch.save(old, path, _use_new_zipfile_serialization=False)
    assert_same_outputs(load_fairseq_checkpoint(path, *reference.dictionaries), reference)


def as_before_0_9(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """One in_proj_weight, numbered norms, embed_out, buffers in the state."""
    old = dict(weights)
    for name in weights:
        if name.endswith("q_proj.weight") or name.endswith("q_proj.bias"):
            parts = [old.pop(name.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
            old[name.replace("q_proj.", "in_proj_")] = torch.cat(parts)
    order = {
        "encoder": ["self_attn_layer_norm", "final_layer_norm"],
        "decoder": ["self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"],
    }
    for name in list(old):
        norms, norm = order[name.split(".")[0]], name.split(".")[-2]
        if norm in norms:
            old[name.replace(norm, f"layer_norms.{norms.index(norm)}")] = old.pop(name)
    output = old.pop("decoder.output_projection.weight")
    if not torch.equal(output, weights["decoder.embed_tokens.weight"]):
        old["decoder.embed_out"] = output
    return old | {f"{stack}.embed_positions._float_tensor": torch.zeros(1) for stack in order}


def test_half_precision_weights_are_read_as_float32(tmp_path: Path) -> None:
    reference = stock(tmp_path, [])
    with torch.no_grad():
        for parameter in reference.model.parameters():
            parameter.copy_(parameter.half())
    stored = stored_by(reference)
    stored["model"] = {name: value.half() for name, value in stored["model"].items()}
    torch.save(stored, tmp_path / "half.pt")
    assert_same_outputs(load_fairseq_checkpoint(tmp_path / "half.pt", *reference.dictionaries), reference)


def test_options_as_nested_dictionaries(tmp_path: Path) -> None:
    """fairseq-hydra-train stores the model's options in groups, not in a namespace."""
    reference = stock(tmp_path, ["--encoder-attention-heads", "2", "--decoder-normalize-before"])
    stored = stored_by(reference)
    flat = vars(namespace(stored))
    nested: dict[str, Any] = {"_name": "transformer", "encoder": {}, "decoder": {}}
    for name, value in flat.items():
        stack, _, rest = name.partition("_")
        if stack in nested and rest:
            nested[stack][rest] = value
    nested["decoder"] |= {"input_dim": "${model.decoder.embed_dim}", "output_dim": 16}
    stored["cfg"]["model"] = nested
    torch.save(stored, tmp_path / "nested.pt")
    assert_same_outputs(load_fairseq_checkpoint(tmp_path / "nested.pt", *reference.dictionaries), reference)


def generator(reference: Stock, model: Any, beam: int) -> SequenceGenerator:
    return SequenceGenerator(
        [model], reference.task.target_dictionary, beam_size=beam, max_len_b=12, min_len=3
    )


@pytest.mark.parametrize("arguments", list(MIXTURES.values())[:4], ids=list(MIXTURES)[:4])
@pytest.mark.parametrize("beam", [1, 4])
def test_beam_search_finds_the_same_hypotheses(tmp_path: Path, arguments: list[str], beam: int) -> None:
    reference = stock(tmp_path, arguments)
    model = load_fairseq_checkpoint(reference.save(), *reference.dictionaries)
    sample = {"net_input": batch(reference)}
    expected = generator(reference, reference.model, beam).generate([reference.model], sample)
    found = generator(reference, model, beam).generate([model], sample)
    for ours, stocks in zip(found, expected, strict=True):
        assert [h["tokens"].tolist() for h in ours] == [h["tokens"].tolist() for h in stocks]
        torch.testing.assert_close(
            torch.stack([h["score"] for h in ours]),
            torch.stack([h["score"] for h in stocks]),
            atol=1e-5,
            rtol=1e-5,
        )
