"""The directions of the residual stream that carry most, as every layer norm sees it.

SliceGPT (Ashkboos et al. 2024, ICLR, section 3) rotates the stream to its principal components and deletes
the last. There each layer norm becomes an RMS norm first; here it stays one. A layer norm looks at x without
its mean over channels only, which lies in the d - 1 dimensions orthogonal to the vector of ones. So
components are taken there, and are laid out in the narrow stream orthogonal to *its* vector of ones: what
arrives has no mean, and the narrow layer norm takes out nothing more.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tprune.model.embedding import PAD
from tprune.model.transformer import Transformer

Moments = dict[str, Tensor]
"""By the layer norm's name, [d_model, d_model]: the mean of n n^T, n its input at mean 0 and variance 1."""


@torch.no_grad()
def second_moments(model: Transformer, batches: Iterable[Mapping[str, Any]]) -> Moments:
    """What each layer norm of `model` sees in these batches of fairseq's translation, padding left out."""
    d_model = model.architecture.d_model
    sums: Moments = {}
    counts: dict[str, int] = {}
    present: dict[str, Tensor] = {}

    def look(name: str, x: Tensor) -> None:
        seen = functional.layer_norm(x, (d_model,))[present[name.partition(".")[0]]].double()
        sums[name] = sums.get(name, torch.zeros(d_model, d_model, dtype=torch.float64)) + seen.t() @ seen
        counts[name] = counts.get(name, 0) + len(seen)

    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: look(name, inputs[0]))
        for name, module in model.named_modules()
        if isinstance(module, nn.LayerNorm)
    ]
    try:
        for batch in batches:
            inputs = batch["net_input"]
            present["encoder"] = inputs["src_tokens"].ne(PAD)
            present["decoder"] = inputs["prev_output_tokens"].ne(PAD)
            model(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: total / counts[name] for name, total in sums.items()}


def principal_map(moments: Moments, width: int) -> Tensor:
    """[d_model, width] with x @ map the narrow stream: the `width` - 1 directions of most variance of all.

    Orthonormal but for the direction of ones, which is lost on both sides. `width` is at most d_model, and at
    least 2.
    """
    total = torch.stack(list(moments.values())).mean(dim=0)
    # Ascending; the direction of ones, in which nothing varies, comes first.
    directions = torch.linalg.eigh(total).eigenvectors[:, -(width - 1) :]
    directions = torch.linalg.qr(directions - directions.mean(dim=0)).Q
    return directions @ _without_mean(width).t()


def share_kept(moments: Tensor, narrow: Tensor) -> float:
    """Which part of one layer norm's variance the map `narrow` keeps, 0 to 1."""
    return float((narrow.t() @ moments @ narrow).trace() / moments.trace())


def _without_mean(width: int) -> Tensor:
    """[width, width - 1]: an orthonormal basis of what is orthogonal to the vector of ones."""
    ones_first = torch.eye(width, dtype=torch.float64)
    ones_first[:, 0] = 1
    return torch.linalg.qr(ones_first).Q[:, 1:]
