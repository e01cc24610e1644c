"""Key `scratch`: smaller dense models trained from scratch."""

from typing import Annotated

from pydantic import Field

from tprune.config.section import Count, Section

ScratchName = Annotated[str, Field(pattern=r"^[a-z0-9]+$")]


class ScratchModel(Section):
    """A smaller model, and what it learns from; everything else is as in `model`."""

    encoder_layers: Count = Field(default=3, description="Layers of the encoder.")
    decoder_layers: Count = Field(default=2, description="Layers of the decoder.")
    ffn_dim: Count = Field(default=512, description="Inner width of the feed-forward blocks.")
    d_model: Count | None = Field(
        default=None, description="Width of embeddings and layers; `null`: `model.d_model`."
    )
    num_heads: Count | None = Field(
        default=None, description="Attention heads of each attention; `null`: `model.num_heads`."
    )
    sequence_distillation: bool = Field(
        default=False,
        description="Train on the control's translations of the training text in place of its references.",
    )
