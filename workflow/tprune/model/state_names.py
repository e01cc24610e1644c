"""The parameter names of older fairseq versions as those of today."""

import re
from collections.abc import Mapping

from torch import Tensor

# Buffers and settings that were once saved beside the parameters.
_DROPPED = re.compile(r"(^|\.)(version|_float_tensor|_future_mask|embed_positions\.weights)$")
_NORMS = {
    "encoder": ("self_attn_layer_norm", "final_layer_norm"),
    "decoder": ("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"),
}
_NUMBERED_NORM = re.compile(r"^((encoder|decoder)\.layers\.\d+\.)layer_norms\.(\d)\.")
_JOINED_PROJECTION = re.compile(r"^(.*\.)in_proj_(weight|bias)$")


def current_names(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a stock `transformer` under the names of fairseq 0.12.

    Before 0.9 queries, keys and values were one matrix `in_proj_weight` [3 * d_model, d_model]; before
    0.6.1 norms were numbered, and the output projection was a bare `embed_out`.
    """
    found: dict[str, Tensor] = {}
    for name, value in stored.items():
        if _DROPPED.search(name):
            continue
        joined = _JOINED_PROJECTION.match(name)
        if joined:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                found[f"{joined[1]}{letter}_proj.{joined[2]}"] = part
        elif name == "decoder.embed_out":
            found["decoder.output_projection.weight"] = value
        else:
            found[_NUMBERED_NORM.sub(lambda old: f"{old[1]}{_NORMS[old[2]][int(old[3])]}.", name)] = value
    return found
