"""Key `scratch`: smaller dense models trained from scratch."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tprune.config.section import Count, LearningRate, Probability, Section

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
    lr: LearningRate | None = Field(
        default=None,
        description="Peak learning rate; `null`: `baseline.lr`. A smaller model may want a higher one.",
    )
    distillation: Probability = Field(
        default=0.0,
        description="Weight of the control's distribution in the loss (word-level distillation), as "
        "`prune.distillation` is of fine-tuning; 0: none.",
    )
    sequence_distillation: bool = Field(
        default=False,
        description="Train on the control's translations of the training text in place of its references.",
    )

    @property
    def learns_from_control(self) -> bool:
        """Whether it does, from its distribution or from its translations."""
        return self.distillation > 0 or self.sequence_distillation


def _without_nulls(value: Any) -> Any:
    # One file is laid over another key by key: only a null can take out what the other has.
    if isinstance(value, dict):
        return {name: model for name, model in value.items() if model is not None}
    return value


def allow_nulls(schema: dict[str, Any]) -> None:
    """Let the JSON schema of `ScratchModels` have null in place of a model, and no other names."""
    models = schema["patternProperties"]
    schema["patternProperties"] = {
        name: {"anyOf": [model, {"type": "null"}]} for name, model in models.items()
    }
    schema["additionalProperties"] = False


ScratchModels = Annotated[dict[ScratchName, ScratchModel], BeforeValidator(_without_nulls)]
"""Models by their names; null in place of one leaves it out."""
