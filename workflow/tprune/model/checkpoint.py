"""Our own model files: weights as safetensors, architecture as JSON. Loading runs no code."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tprune.atomic import atomic_path
from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

_SHARED = {
    "all": {
        "decoder.embed_tokens.weight": "encoder.embed_tokens.weight",
        "decoder.output_projection.weight": "encoder.embed_tokens.weight",
    },
    "decoder": {"decoder.output_projection.weight": "decoder.embed_tokens.weight"},
    "none": {},
}


def stored_weights(model: Transformer) -> dict[str, Tensor]:
    """The model's weights by name, a shared matrix once."""
    shared = _SHARED[model.architecture.share_embeddings]
    return {
        name: value.detach().contiguous() for name, value in model.state_dict().items() if name not in shared
    }


def load_weights(model: Transformer, weights: dict[str, Tensor], source: str | Path) -> None:
    """Fill `model` from `weights` (by name, shared matrices once); a misfit raises TPruneError."""
    shared = _SHARED[model.architecture.share_embeddings]
    full = {**weights, **{name: weights[origin] for name, origin in shared.items() if origin in weights}}
    try:
        model.load_state_dict(full, strict=True)
    except RuntimeError as error:
        raise TPruneError(
            f"{source}: the weights do not fit the architecture beside them: {error}"
        ) from error


def save_model(model: Transformer, weights: str | Path, architecture: str | Path) -> None:
    """Write `model.safetensors` and `model.json`, each atomically, the weights last."""
    model.architecture.write(architecture)
    with atomic_path(weights) as partial:
        save_file({name: value.cpu() for name, value in stored_weights(model).items()}, partial)


def load_model(weights: str | Path, architecture: str | Path) -> Transformer:
    """Read a model back, in evaluation mode and float32, on the CPU."""
    model = Transformer(Architecture.read(architecture))
    try:
        stored = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise TPruneError(f"{weights}: cannot be read as safetensors ({error})") from error
    load_weights(model, stored, weights)
    return model.eval()
