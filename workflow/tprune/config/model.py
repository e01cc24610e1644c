"""Key `model`: the sizes of the baseline."""

from typing import Literal

from pydantic import Field

from tprune.config.section import Count, Probability, Section


class Model(Section):
    """The baseline's Transformer; unused when `baseline.checkpoint` is set."""

    d_model: int = Field(
        default=256, ge=2, description="Width of embeddings and layers; even, and divisible by `num_heads`."
    )
    ffn_dim: Count = Field(default=1024, description="Inner width of the feed-forward blocks.")
    num_heads: Count = Field(default=4, description="Attention heads of each attention.")
    encoder_layers: Count = Field(default=3, description="Layers of the encoder.")
    decoder_layers: Count = Field(default=3, description="Layers of the decoder.")
    dropout: Probability = Field(default=0.1, description="Dropout in training.")
    pre_norm: bool = Field(
        default=True, description="Layer normalisation before each block (true) or after it (false)."
    )
    share_embeddings: Literal["all", "decoder", "none"] = Field(
        default="all",
        description="Which embedding matrices are one: `all` (source, target, output), `decoder` (target, "
        "output) or `none`.",
    )
