"""Token embedding plus positions, learned or sinusoidal, at the indices stock fairseq uses."""

import math

import torch
from fairseq.modules import SinusoidalPositionalEmbedding
from torch import Tensor, nn

from tprune.model.architecture import Architecture, StackShape
from tprune.model.dropout import ResidualDropout

PAD = 1  # the index of <pad> in every fairseq dictionary


class EmbeddingStack(nn.Module):
    """What encoder and decoder have in common: their input.

    A base class, not a member, because stock fairseq keeps these parameters directly on the stacks
    (encoder.embed_tokens.weight). Positions are counted from PAD + 1 over the tokens that are not
    padding, so left- and right-padded batches agree.
    """

    def _build_embedding(self, architecture: Architecture, stack: StackShape, vocabulary: int) -> None:
        d_model = architecture.d_model
        self.scale = math.sqrt(d_model) if architecture.scale_embedding else 1.0
        self.embed_tokens = nn.Embedding(vocabulary, d_model, padding_idx=PAD)
        nn.init.normal_(self.embed_tokens.weight, std=d_model**-0.5)
        nn.init.zeros_(self.embed_tokens.weight[PAD])
        rows = stack.max_positions + PAD + 1
        if stack.learned_positions:
            self.embed_positions = nn.Embedding(rows, d_model, padding_idx=PAD)
            nn.init.normal_(self.embed_positions.weight, std=d_model**-0.5)
            nn.init.zeros_(self.embed_positions.weight[PAD])
        else:
            table = SinusoidalPositionalEmbedding.get_embedding(rows, d_model, PAD)
            self.register_buffer("sinusoidal", table, persistent=False)
        if stack.embedding_norm:
            self.layernorm_embedding = nn.LayerNorm(d_model)
        self.embedding_norm = stack.embedding_norm
        self.learned_positions = stack.learned_positions
        self.embedding_dropout = ResidualDropout(architecture.dropout)

    @property
    def position_table(self) -> Tensor:
        """[max_positions + PAD + 1, d_model]; the first position is row PAD + 1."""
        return self.embed_positions.weight if self.learned_positions else self.sinusoidal  # type: ignore[return-value]

    def embed(self, tokens: Tensor, last_only: bool = False) -> Tensor:
        """[B, T] tokens to [B, T, d_model]; with `last_only` to [B, 1, d_model], the last position."""
        present = tokens.ne(PAD)
        positions = torch.cumsum(present, dim=1) * present + PAD
        if last_only:
            tokens, positions = tokens[:, -1:], positions[:, -1:]
        x = self.embed_tokens(tokens) * self.scale
        x = x + nn.functional.embedding(positions, self.position_table)
        if self.embedding_norm:
            x = self.layernorm_embedding(x)
        return self.embedding_dropout(torch.zeros_like(x), x) if self.training else x
