"""Multi-head attention whose number of heads, query/key and value sizes are its own.

Layout is batch first. Attention is two matrix products and a softmax: at the lengths of sentences this
is faster on a CPU, forward and backward, than the fused kernels, which are made for long sequences.
"""

import torch
from torch import Tensor, nn

from tprune.model.architecture import AttentionShape

Cache = dict[str, Tensor]


class Attention(nn.Module):
    """softmax(scale * Q K^T) V per head, then the output projection (Vaswani et al. 2017, eq. 1).

    Parameters carry the names of stock fairseq: q_proj and k_proj [num_heads * qk_dim, d_model],
    v_proj [num_heads * v_dim, d_model], out_proj [d_model, num_heads * v_dim].
    """

    def __init__(self, d_model: int, shape: AttentionShape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(d_model, shape.num_heads * shape.qk_dim)
        self.k_proj = nn.Linear(d_model, shape.num_heads * shape.qk_dim)
        self.v_proj = nn.Linear(d_model, shape.num_heads * shape.v_dim)
        self.out_proj = nn.Linear(shape.num_heads * shape.v_dim, d_model)
        self._initialise()

    def _initialise(self) -> None:
        # As stock fairseq: Q, K and V are drawn as if they were one matrix, hence the gain.
        for projection in (self.q_proj, self.k_proj, self.v_proj):
            nn.init.xavier_uniform_(projection.weight, gain=2**-0.5)
        nn.init.xavier_uniform_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None, cache: Cache | None = None
    ) -> Tensor:
        """Attend from `query` [B, T, C] to `memory` [B, S, C]; returns [B, T, C].

        `mask` is added to the scores and must broadcast to [B, num_heads, T, S]. With a `cache`
        (incremental decoding) keys and values are kept in it: self-attention passes the new
        positions alone as memory and they are appended; `attend_cached` serves cross-attention.
        """
        key, value = self._heads(self.k_proj(memory)), self._heads(self.v_proj(memory))
        if cache is not None:
            if "key" in cache:
                key = torch.cat([cache["key"], key], dim=2)
                value = torch.cat([cache["value"], value], dim=2)
            cache["key"], cache["value"] = key, value
        return self._attend(query, key, value, mask)

    def attend_cached(self, query: Tensor, memory: Tensor, mask: Tensor | None, cache: Cache) -> Tensor:
        """Cross-attention in incremental decoding: keys and values of `memory` are computed once."""
        if "key" not in cache:
            cache["key"] = self._heads(self.k_proj(memory))
            cache["value"] = self._heads(self.v_proj(memory))
        return self._attend(query, cache["key"], cache["value"], mask)

    def _heads(self, projected: Tensor) -> Tensor:
        batch, length, _ = projected.shape
        return projected.view(batch, length, self.shape.num_heads, -1).transpose(1, 2)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        queries = self._heads(self.q_proj(query) * self.shape.scale)
        scores = queries @ key.transpose(2, 3)
        if mask is not None:
            scores = scores + mask
        context = torch.softmax(scores, dim=-1) @ value
        batch, _, length, _ = context.shape
        return self.out_proj(context.transpose(1, 2).reshape(batch, length, -1))
