"""A model as a CTranslate2 directory, filled straight from our own layers.

CTranslate2's fairseq converter rebuilds the stock architecture and so cannot load a compact model. What
is taken over from it (ctranslate2.converters.fairseq, 4.8) is what a fairseq model expects at its edges:
</s> ends the source and starts the target, <pad> is called <blank>, and positions start after the row of
the padding index.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from ctranslate2.converters.utils import fuse_linear
from ctranslate2.specs import attention_spec, common_spec, model_spec, transformer_spec
from torch import Tensor, nn

from tprune.atomic import whole_directory
from tprune.errors import TPruneError
from tprune.model.architecture import Architecture, AttentionShape, StackShape
from tprune.model.attention import Attention
from tprune.model.embedding import PAD
from tprune.model.layers import DecoderLayer, EncoderLayer
from tprune.model.transformer import Decoder, Encoder, Transformer

Quantization = Literal["float32", "int8"]

_ACTIVATIONS = {"relu": common_spec.Activation.RELU, "gelu": common_spec.Activation.GELU}
_END = "</s>"


def export(
    model: Transformer,
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    directory: str | Path,
    quantization: Quantization,
) -> None:
    """Write `model` as a CTranslate2 model into `directory`, whole or not at all.

    `source_pieces` and `target_pieces` are the dictionaries' pieces by index, the four special ones of
    fairseq first. config.json of the result also holds `max_source_positions` and
    `max_target_positions`, which CTranslate2 ignores and `tprune.evaluation.translate` reads.

    Raises TPruneError where CTranslate2 cannot run the model or a dictionary does not fit it.
    """
    architecture = model.architecture
    check_vocabulary("source", source_pieces, architecture.source_vocabulary)
    check_vocabulary("target", target_pieces, architecture.target_vocabulary)
    spec = transformer_spec.TransformerSpec(
        _encoder(model.encoder, architecture), _decoder(model.decoder, architecture)
    )
    spec.register_source_vocabulary(["<blank>" if piece == "<pad>" else piece for piece in source_pieces])
    spec.register_target_vocabulary(["<blank>" if piece == "<pad>" else piece for piece in target_pieces])
    spec.config.decoder_start_token = _END
    spec.config.add_source_eos = True
    spec.config.add_attribute("max_source_positions", architecture.encoder.max_positions)
    spec.config.add_attribute("max_target_positions", architecture.decoder.max_positions)
    spec.validate()
    spec.optimize(quantization=quantization)
    with whole_directory(directory) as partial:
        spec.save(str(partial))


def check_vocabulary(side: str, pieces: Sequence[str], size: int) -> None:
    """Raise TPruneError where a dictionary has not one piece for each of the `size` rows of its embedding."""
    if len(pieces) != size:
        raise TPruneError(
            f"the {side} dictionary has {len(pieces)} pieces but the model's {side} embedding has {size} "
            "rows; they must come from the same data-bin"
        )


def _encoder(encoder: Encoder, architecture: Architecture) -> transformer_spec.TransformerEncoderSpec:
    stack = architecture.encoder
    heads = _common_heads("encoder", [layer.self_attention for layer in stack.layers])
    spec = transformer_spec.TransformerEncoderSpec(
        len(stack.layers),
        heads,
        # The constructor's flag makes the slot of the final norm; pre_norm itself is set below.
        pre_norm=stack.final_norm,
        activation=_ACTIVATIONS[architecture.activation],
        layernorm_embedding=stack.embedding_norm,
    )
    _fill_stack(spec, encoder, stack)
    _fill_embedding(spec.embeddings[0], encoder.embed_tokens)
    for slot, layer in zip(spec.layer, encoder.layers, strict=True):
        _fill_layer(slot, layer)
    return spec


def _decoder(decoder: Decoder, architecture: Architecture) -> transformer_spec.TransformerDecoderSpec:
    stack = architecture.decoder
    shapes = [
        shape for layer in stack.layers for shape in (layer.self_attention, layer.cross_attention) if shape
    ]
    spec = transformer_spec.TransformerDecoderSpec(
        len(stack.layers),
        _common_heads("decoder", shapes),
        pre_norm=stack.final_norm,
        activation=_ACTIVATIONS[architecture.activation],
        layernorm_embedding=stack.embedding_norm,
    )
    _fill_stack(spec, decoder, stack)
    _fill_embedding(spec.embeddings, decoder.embed_tokens)
    _fill_linear(spec.projection, decoder.output_projection)
    for slot, layer in zip(spec.layer, decoder.layers, strict=True):
        _fill_layer(slot, layer)
    return spec


def _common_heads(stack: str, shapes: list[AttentionShape]) -> int:
    # CTranslate2 4.8 reads `num_heads` of the stack alone and makes one mask of lengths for all its layers.
    heads = {shape.num_heads for shape in shapes}
    if len(heads) > 1:
        raise TPruneError(
            f"model.json: the {stack}'s attentions have {sorted(heads)} heads; CTranslate2 runs "
            "one number a stack"
        )
    return heads.pop() if heads else 1  # a stack without layers has no attention to ask


def _fill_stack(spec: model_spec.LayerSpec, module: Encoder | Decoder, stack: StackShape) -> None:
    spec.pre_norm = stack.pre_norm
    spec.scale_embeddings = float(module.scale)
    spec.position_encodings.encodings = _array(module.position_table)[PAD + 1 :]
    if module.layer_norm is not None:
        _fill_norm(spec.layer_norm, module.layer_norm)
    if stack.embedding_norm:
        _fill_norm(spec.layernorm_embedding, module.layernorm_embedding)


def _fill_layer(spec: model_spec.LayerSpec, layer: nn.Module) -> None:
    assert isinstance(layer, EncoderLayer)
    spec.self_attention = _self_attention(layer)
    _fill_norm(spec.ffn.layer_norm, layer.final_layer_norm)
    _fill_linear(spec.ffn.linear_0, layer.fc1)
    _fill_linear(spec.ffn.linear_1, layer.fc2)
    if isinstance(layer, DecoderLayer):
        spec.attention = _cross_attention(layer)


def _self_attention(layer: EncoderLayer) -> attention_spec.MultiHeadAttentionSpec:
    attention = layer.self_attn
    spec = _attention_spec(attention.shape, self_attention=True)
    _fuse(spec.linear[0], attention.q_proj, attention.k_proj, attention.v_proj)
    return _finished(spec, attention, layer.self_attn_layer_norm)


def _cross_attention(layer: DecoderLayer) -> attention_spec.MultiHeadAttentionSpec:
    attention = layer.encoder_attn
    spec = _attention_spec(attention.shape, self_attention=False)
    _fill_linear(spec.linear[0], attention.q_proj)
    _fuse(spec.linear[1], attention.k_proj, attention.v_proj)
    return _finished(spec, attention, layer.encoder_attn_layer_norm)


def _attention_spec(shape: AttentionShape, self_attention: bool) -> attention_spec.MultiHeadAttentionSpec:
    if shape.qk_dim != shape.v_dim:
        raise TPruneError(
            f"model.json: an attention has qk_dim {shape.qk_dim} and v_dim {shape.v_dim}; CTranslate2 "
            "needs them equal: prune both to the same count"
        )
    # The slots made by the stack's specification have no head_dim, so that each is replaced.
    spec = attention_spec.MultiHeadAttentionSpec(self_attention=self_attention, head_dim=shape.qk_dim)
    spec.queries_scale = float(shape.scale)
    return spec


def _finished(
    spec: attention_spec.MultiHeadAttentionSpec, attention: Attention, norm: nn.LayerNorm
) -> attention_spec.MultiHeadAttentionSpec:
    _fill_linear(spec.linear[-1], attention.out_proj)
    _fill_norm(spec.layer_norm, norm)
    return spec


def _fuse(spec: common_spec.LinearSpec, *linears: nn.Linear) -> None:
    parts = [common_spec.LinearSpec() for _ in linears]
    for part, linear in zip(parts, linears, strict=True):
        _fill_linear(part, linear)
    fuse_linear(spec, parts)


def _fill_linear(spec: common_spec.LinearSpec, linear: nn.Linear) -> None:
    spec.weight = _array(linear.weight)
    if linear.bias is not None:
        spec.bias = _array(linear.bias)


def _fill_embedding(spec: common_spec.EmbeddingsSpec, embedding: nn.Embedding) -> None:
    spec.weight = _array(embedding.weight)


def _fill_norm(spec: common_spec.LayerNormSpec, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)


def _array(tensor: Tensor) -> np.ndarray:
    # A copy: CTranslate2 quantises in place, which would change the model itself.
    return tensor.detach().float().cpu().numpy().copy()
