"""The Transformer encoder-decoder that fairseq trains and whose layers each have their own sizes."""

from typing import Any

import torch
from fairseq.data import Dictionary
from fairseq.models import FairseqEncoder, FairseqEncoderDecoderModel, FairseqIncrementalDecoder
from torch import Tensor, nn

from tprune.model.architecture import Architecture
from tprune.model.attention import Cache
from tprune.model.embedding import PAD, EmbeddingStack
from tprune.model.layers import DecoderLayer, EncoderLayer, causal_mask

EncoderOut = dict[str, list[Tensor]]
_CACHES = "tprune_caches"


class Encoder(FairseqEncoder, EmbeddingStack):
    """Embedding, layers, final norm; parameter names as in stock fairseq."""

    def __init__(self, architecture: Architecture, dictionary: Dictionary | None) -> None:
        super().__init__(dictionary)
        stack = architecture.encoder
        self._max_positions = stack.max_positions
        self._build_embedding(architecture, stack, architecture.source_vocabulary)
        self.layers = nn.ModuleList(EncoderLayer(architecture, stack, shape) for shape in stack.layers)
        self.layer_norm = nn.LayerNorm(architecture.d_model) if stack.final_norm else None

    def forward(self, src_tokens: Tensor, src_lengths: Tensor | None = None, **_: Any) -> EncoderOut:
        """[B, S] tokens to {"encoder_out": [[B, S, C]], "mask": [[B, 1, 1, S]] or []}.

        The mask (0, or -inf at padding) is left out when nothing is padded.
        """
        x = self.embed(src_tokens)
        padding = src_tokens.eq(PAD)
        mask = None
        if padding.any():
            mask = torch.zeros_like(padding, dtype=x.dtype).masked_fill_(padding, float("-inf"))[
                :, None, None
            ]
        for layer in self.layers:
            x = layer(x, mask)
        if self.layer_norm is not None:
            x = self.layer_norm(x)
        return {"encoder_out": [x], "mask": [] if mask is None else [mask]}

    def reorder_encoder_out(self, encoder_out: EncoderOut, new_order: Tensor) -> EncoderOut:
        """Pick the batch rows `new_order` (fairseq's beam search)."""
        return {key: [x.index_select(0, new_order) for x in value] for key, value in encoder_out.items()}

    def max_positions(self) -> int:
        """The longest source in tokens."""
        return self._max_positions


class Decoder(FairseqIncrementalDecoder, EmbeddingStack):
    """Embedding, layers, final norm, output projection; parameter names as in stock fairseq."""

    def __init__(self, architecture: Architecture, dictionary: Dictionary | None) -> None:
        super().__init__(dictionary)
        stack = architecture.decoder
        self._max_positions = stack.max_positions
        self._build_embedding(architecture, stack, architecture.target_vocabulary)
        self.layers = nn.ModuleList(DecoderLayer(architecture, stack, shape) for shape in stack.layers)
        self.layer_norm = nn.LayerNorm(architecture.d_model) if stack.final_norm else None
        self.output_projection = nn.Linear(architecture.d_model, architecture.target_vocabulary, bias=False)
        nn.init.normal_(self.output_projection.weight, std=architecture.d_model**-0.5)

    def forward(
        self,
        prev_output_tokens: Tensor,
        encoder_out: EncoderOut,
        incremental_state: dict[str, Any] | None = None,
        features_only: bool = False,
        **_: Any,
    ) -> tuple[Tensor, dict[str, Any]]:
        """[B, T] tokens to logits [B, T, V], or features [B, T, C] with `features_only`.

        With an `incremental_state` only the last position is computed: T is 1 in the result.
        """
        memory = encoder_out["encoder_out"][0]
        memory_mask = encoder_out["mask"][0] if encoder_out["mask"] else None
        stepwise = incremental_state is not None
        x = self.embed(prev_output_tokens, last_only=stepwise)
        caches: list[tuple[Cache, Cache]] | None = None
        mask = None
        if incremental_state is not None:
            caches = incremental_state.setdefault(_CACHES, [({}, {}) for _ in self.layers])
        else:
            mask = causal_mask(x.shape[1], x)
        for i, layer in enumerate(self.layers):
            x = layer.decode(x, memory, mask, memory_mask, caches[i] if caches else None)  # type: ignore[operator]
        if self.layer_norm is not None:
            x = self.layer_norm(x)
        return (x if features_only else self.output_projection(x)), {"attn": [None]}

    def extract_features(
        self, prev_output_tokens: Tensor, encoder_out: EncoderOut, **kwargs: Any
    ) -> tuple[Tensor, dict[str, Any]]:
        """As `forward`, without the output projection."""
        return self.forward(prev_output_tokens, encoder_out, features_only=True, **kwargs)

    def reorder_incremental_state_scripting(
        self, incremental_state: dict[str, Any], new_order: Tensor
    ) -> None:
        """Pick the batch rows `new_order` of every cache (fairseq's beam search)."""
        for caches in incremental_state.get(_CACHES, []):
            for cache in caches:
                for name, value in cache.items():
                    cache[name] = value.index_select(0, new_order)

    def max_positions(self) -> int:
        """The longest target in tokens."""
        return self._max_positions


class Transformer(FairseqEncoderDecoderModel):
    """Encoder and decoder of an `Architecture`, sharing matrices as it says.

    Follows Vaswani et al. 2017 as stock fairseq's `transformer` does, so that a stock state dict loads
    by name; attention and feed-forward sizes may differ in every layer.
    """

    def __init__(
        self,
        architecture: Architecture,
        source_dictionary: Dictionary | None = None,
        target_dictionary: Dictionary | None = None,
    ) -> None:
        super().__init__(Encoder(architecture, source_dictionary), Decoder(architecture, target_dictionary))
        self.architecture = architecture
        self.encoder: Encoder
        self.decoder: Decoder
        if architecture.share_embeddings == "all":
            self.decoder.embed_tokens = self.encoder.embed_tokens
        if architecture.share_embeddings != "none":
            self.decoder.output_projection.weight = self.decoder.embed_tokens.weight
