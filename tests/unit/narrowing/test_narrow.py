"""Narrowing the residual stream: nothing is lost that need not be, and what varies most is kept."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from tests.unit.pruning.small_model import make_model, padded_batch
from tprune.errors import TPruneError
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer
from tprune.narrowing.directions import principal_map, second_moments, share_kept
from tprune.narrowing.narrow import check, mapped, narrowed

BATCH = padded_batch()


def logits(model: Transformer) -> torch.Tensor:
    """Without the layer norms' epsilon, beside which a narrow stream is larger or smaller than a wide one."""
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 0.0
    with torch.no_grad():
        return model(**BATCH["net_input"])[0]


def with_sharing(share: str, scale_embedding: bool = True) -> Transformer:
    """A model whose last gamma is one number, as the output projection needs for nothing to be lost."""
    model = make_model(share_embeddings=share, scale_embedding=scale_embedding)
    with torch.no_grad():
        model.decoder.layer_norm.weight.fill_(1.3)
    return model


@pytest.mark.parametrize("share", ["all", "decoder", "none"])
@pytest.mark.parametrize("scale_embedding", [True, False])
def test_at_full_width_the_model_is_the_same(share: str, scale_embedding: bool) -> None:
    model = with_sharing(share, scale_embedding)
    # The direction of ones, which the output alone sees, is lost: it must not have been used.
    bias = model.decoder.layer_norm.bias
    with torch.no_grad():
        bias -= bias.mean()
    moments = second_moments(model, [BATCH])
    same = mapped(model, principal_map(moments, 16), moments)
    assert same.architecture.d_model == 16 and same.architecture.share_embeddings == share
    torch.testing.assert_close(logits(same), logits(model), rtol=0, atol=1e-9)


def test_what_varies_in_few_directions_fits_into_few_channels() -> None:
    model = with_sharing("all")
    torch.manual_seed(2)
    few = torch.linalg.qr(torch.randn(16, 5, dtype=torch.float64)).Q
    onto = few @ few.t()
    with torch.no_grad():
        model.encoder.embed_tokens.weight.copy_(model.encoder.embed_tokens.weight @ onto)
        for stack in (model.encoder, model.decoder):
            stack.sinusoidal.copy_(stack.sinusoidal @ onto)
            for name, parameter in stack.named_parameters():
                if name.endswith(("out_proj.weight", "out_proj.bias", "fc2.weight", "fc2.bias")):
                    parameter.copy_(onto @ parameter)
        model.decoder.layer_norm.bias.zero_()
    expected = logits(model)
    moments = second_moments(model, [BATCH])
    small = mapped(model, principal_map(moments, 6), moments)
    assert small.architecture.d_model == 6
    assert small.decoder.layers[0].self_attn.q_proj.weight.shape == (16, 6)
    torch.testing.assert_close(logits(small), expected, rtol=0, atol=1e-9)
    too_few = mapped(model, principal_map(moments, 4), moments)
    assert (logits(too_few) - expected).abs().max() > 1e-2


def test_the_directions_of_most_variance_are_kept_and_more_of_them_keep_more() -> None:
    moments = second_moments(make_model(), [BATCH])
    assert set(moments) == {
        f"{prefix}{name}"
        for prefix, names in (
            ("encoder.", ("layer_norm",)),
            ("encoder.layers.0.", ("self_attn_layer_norm", "final_layer_norm")),
            ("decoder.", ("layer_norm",)),
            ("decoder.layers.0.", ("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm")),
        )
        for name in names
    }
    total = {"all": torch.stack(list(moments.values())).mean(dim=0)}
    kept = [share_kept(total["all"], principal_map(total, width)) for width in (4, 8, 12, 16)]
    assert kept == sorted(kept) and kept[-1] == pytest.approx(1)
    torch.manual_seed(3)
    other = torch.linalg.qr(torch.randn(16, 8, dtype=torch.float64)).Q
    assert kept[1] > share_kept(total["all"], other)


def test_a_layer_norms_moments_are_of_unit_variance_and_know_no_padding() -> None:
    model = make_model()
    moments = second_moments(model, [BATCH])
    tokens = BATCH["net_input"]["src_tokens"]
    x = model.encoder.embed(tokens)[tokens.ne(1)]
    n = functional.layer_norm(x, (16,))
    torch.testing.assert_close(
        moments["encoder.layers.0.self_attn_layer_norm"], n.t() @ n / len(n), rtol=1e-9, atol=1e-9
    )


def test_a_model_is_narrowed_by_what_its_training_text_shows(data: Path) -> None:
    model = make_model(vocabulary=30).float()
    small, again = (narrowed(model, 10, data, seed=1) for _ in range(2))
    assert small.architecture.d_model == 10 and small.encoder.scale == pytest.approx(10**0.5)
    assert small.architecture.encoder.learned_positions and not model.architecture.encoder.learned_positions
    for name, value in small.state_dict().items():
        torch.testing.assert_close(value, again.state_dict()[name], rtol=0, atol=0)
        assert value.isfinite().all(), name


def test_readers_are_scaled_as_least_squares_would() -> None:
    model = make_model()
    moments = second_moments(model, [BATCH])
    narrow = principal_map(moments, 9)
    small = mapped(model, narrow, moments)
    x = model.encoder.embed(BATCH["net_input"]["src_tokens"])
    x = x[BATCH["net_input"]["src_tokens"].ne(1)].detach()
    seen, narrow_seen = functional.layer_norm(x, (16,)), functional.layer_norm(x @ narrow, (9,))
    best = (seen * (narrow_seen @ narrow.t())).sum() / narrow_seen.square().sum()
    norm = model.state_dict()["encoder.layers.0.self_attn_layer_norm.weight"]
    wide = model.state_dict()["encoder.layers.0.self_attn.q_proj.weight"] * norm @ narrow
    found = small.state_dict()["encoder.layers.0.self_attn.q_proj.weight"] / wide
    assert found.std() < 1e-9 and found.mean() == pytest.approx(float(best), rel=0.03)


def test_padding_stays_nothing_in_embeddings_and_positions() -> None:
    model = make_model()
    moments = second_moments(model, [BATCH])
    weights = mapped(model, principal_map(moments, 9), moments).state_dict()
    for stack in ("encoder", "decoder"):
        assert not weights[f"{stack}.embed_positions.weight"][1].any()
    pad = model.state_dict()["encoder.embed_tokens.weight"][1]
    moved = weights["encoder.embed_tokens.weight"][1]
    assert bool(moved.any()) == bool(pad.any())


def test_the_principal_directions_disturb_a_model_less_than_others() -> None:
    """Every gamma of its own, layer norms with their epsilon, and little else to go by."""
    model = make_model()
    moments = second_moments(model, [BATCH])
    with torch.no_grad():
        before = model(**BATCH["net_input"])[0].log_softmax(dim=2)

        def disturbed(narrow: torch.Tensor) -> float:
            after = mapped(model, narrow, moments)(**BATCH["net_input"])[0].log_softmax(dim=2)
            return float((before.exp() * (before - after)).sum(dim=2).mean())

        principal = [disturbed(principal_map(moments, width)) for width in (15, 12, 9)]
        assert principal[0] < principal[1] < principal[2]
        torch.manual_seed(4)
        for _ in range(5):
            other = torch.linalg.qr(torch.randn(16, 9, dtype=torch.float64)).Q
            assert disturbed(other) > principal[2]


@pytest.mark.parametrize("width", [1, 16, 20])
def test_a_width_that_is_none_is_refused(width: int) -> None:
    with pytest.raises(
        TPruneError, match=rf"found {width}, must be at least 2 and less than the baseline's 16"
    ):
        check(make_model().architecture, width)


def test_a_post_norm_model_is_refused() -> None:
    attention = AttentionShape.dense(16, 4)
    encoder = StackShape((LayerShape(attention, 24),), True, True, False, 16)
    decoder = StackShape((LayerShape(attention, 24, attention),), False, False, False, 16)
    with pytest.raises(TPruneError, match="one after the last can be narrowed, and the decoder is none"):
        check(Architecture(16, 20, 20, encoder, decoder, "all"), 8)
