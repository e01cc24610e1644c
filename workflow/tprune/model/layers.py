"""One encoder layer and one decoder layer, pre- or post-norm."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tprune.model.architecture import Architecture, LayerShape, StackShape
from tprune.model.attention import Attention, Cache
from tprune.model.dropout import ResidualDropout


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward; parameter names as in stock fairseq."""

    def __init__(self, architecture: Architecture, stack: StackShape, shape: LayerShape) -> None:
        super().__init__()
        d_model = architecture.d_model
        self.pre_norm = stack.pre_norm
        self.activation = getattr(functional, architecture.activation)
        self.dropout = ResidualDropout(architecture.dropout)
        self.self_attn = Attention(d_model, shape.self_attention)
        self.self_attn_layer_norm = nn.LayerNorm(d_model)
        # As stock fairseq, torch's own initialisation here.
        self.fc1 = nn.Linear(d_model, shape.ffn_dim)
        self.fc2 = nn.Linear(shape.ffn_dim, d_model)
        self.final_layer_norm = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`x` [B, S, C]; `mask` is added to the scores of self-attention, [B, 1, 1, S]."""
        y = self._before(self.self_attn_layer_norm, x)
        x = self._after(self.self_attn_layer_norm, self.dropout(x, self.self_attn(y, y, mask)))
        return self.feed_forward(x)

    def feed_forward(self, x: Tensor) -> Tensor:
        """The feed-forward sublayer with its norm and residual; [B, T, C] to the same."""
        y = self.activation(self.fc1(self._before(self.final_layer_norm, x)))
        return self._after(self.final_layer_norm, self.dropout(x, self.fc2(y)))

    def _before(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        return norm(x) if self.pre_norm else x

    def _after(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        return x if self.pre_norm else norm(x)


class DecoderLayer(EncoderLayer):
    """An encoder layer with cross-attention between its two sublayers."""

    def __init__(self, architecture: Architecture, stack: StackShape, shape: LayerShape) -> None:
        super().__init__(architecture, stack, shape)
        assert shape.cross_attention is not None, "a decoder layer needs cross_attention"
        self.encoder_attn = Attention(architecture.d_model, shape.cross_attention)
        self.encoder_attn_layer_norm = nn.LayerNorm(architecture.d_model)

    def decode(
        self,
        x: Tensor,
        memory: Tensor,
        causal_mask: Tensor | None,
        memory_mask: Tensor | None,
        caches: tuple[Cache, Cache] | None = None,
    ) -> Tensor:
        """`x` [B, T, C], `memory` [B, S, C]; `caches` (self, cross) when decoding step by step."""
        y = self._before(self.self_attn_layer_norm, x)
        y = self.self_attn(y, y, causal_mask, caches[0] if caches else None)
        x = self._after(self.self_attn_layer_norm, self.dropout(x, y))
        y = self._before(self.encoder_attn_layer_norm, x)
        if caches:
            y = self.encoder_attn.attend_cached(y, memory, memory_mask, caches[1])
        else:
            y = self.encoder_attn(y, memory, memory_mask)
        x = self._after(self.encoder_attn_layer_norm, self.dropout(x, y))
        return self.feed_forward(x)


def causal_mask(length: int, like: Tensor) -> Tensor:
    """[T, T] of 0 on and below the diagonal and -inf above it."""
    return torch.full((length, length), float("-inf"), dtype=like.dtype, device=like.device).triu_(1)
