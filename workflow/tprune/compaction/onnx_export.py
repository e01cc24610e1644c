"""A compact model as two ONNX graphs: the encoder, and one step of the decoder with its cache.

    encoder.onnx   tokens [S] (</s> at the end)
                   -> cross_key_L [heads, qk_dim, S], cross_value_L [heads, S, v_dim] of every decoder layer
    decoder.onnx   token [1] (the piece before; </s> at first), position [1] (from 0), bar_end [1] (1: </s>
                   may not come now), past_key_L [heads, P, qk_dim], past_value_L [heads, P, v_dim], cross_*
                   -> next_token [1] (the best piece; never <pad>), logits [1, V],
                   present_key_L [heads, P + 1, qk_dim], present_value_L [heads, P + 1, v_dim]
    config.json    the sizes of the cache, the numbers of positions
    vocabulary.json  the pieces of both sides

Batch 1 and greedy: what a device measures. The graphs are written node by node, since sizes differ from
layer to layer and the fewer nodes a step has, the less of its time is overhead. Keys and values of the
source are computed once a sentence, in the encoder's graph; the scale of the attention is part of q_proj.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tprune.atomic import whole_directory, write_json
from tprune.compaction.ctranslate2_export import Quantization, check_vocabulary
from tprune.compaction.onnx_graph import Graph, array
from tprune.model.attention import Attention
from tprune.model.embedding import PAD, EmbeddingStack
from tprune.model.layers import DecoderLayer, EncoderLayer
from tprune.model.transformer import Decoder, Encoder, Transformer

END = 2  # the index of </s> in every fairseq dictionary


def export_onnx(
    model: Transformer,
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    directory: str | Path,
    quantization: Quantization,
) -> None:
    """Write `directory`, whole: encoder.onnx, decoder.onnx, config.json and vocabulary.json.

    The pieces are those of fairseq's dictionaries, the special ones first. Raises TPruneError where a
    dictionary does not fit the model.
    """
    architecture = model.architecture
    check_vocabulary("source", source_pieces, architecture.source_vocabulary)
    check_vocabulary("target", target_pieces, architecture.target_vocabulary)
    quantized = quantization == "int8"
    with whole_directory(directory) as partial:
        _encoder(model.encoder, model.decoder, quantized).write(partial / "encoder.onnx")
        _decoder(model.decoder, quantized).write(partial / "decoder.onnx")
        write_json(partial / "config.json", _config(model))
        pieces = {"source_pieces": list(source_pieces), "target_pieces": list(target_pieces)}
        write_json(partial / "vocabulary.json", pieces)


def _config(model: Transformer) -> dict[str, Any]:
    architecture = model.architecture
    cache = [
        {"heads": shape.num_heads, "qk_dim": shape.qk_dim, "v_dim": shape.v_dim}
        for shape in (layer.self_attention for layer in architecture.decoder.layers)
    ]
    return {
        "cache": cache,
        "max_source_positions": architecture.encoder.max_positions,
        "max_target_positions": architecture.decoder.max_positions,
    }


def _encoder(encoder: Encoder, decoder: Decoder, quantized: bool) -> Graph:
    graph = Graph(quantized)
    tokens = graph.input("tokens", np.int64, ["source"])
    length = graph.node("Shape", tokens)
    positions = graph.constant(array(encoder.position_table)[PAD + 1 :])
    zero = graph.constant([0], np.int64)
    x = _embed(graph, encoder, tokens, graph.node("Slice", positions, zero, length))
    for layer in encoder.layers:
        assert isinstance(layer, EncoderLayer)
        x = _attention_sublayer(graph, layer, x)
        x = _feed_forward(graph, layer, x)
    if encoder.layer_norm is not None:
        x = graph.norm(x, encoder.layer_norm)
    for i, layer in enumerate(decoder.layers):
        assert isinstance(layer, DecoderLayer)
        attention = layer.encoder_attn
        heads, qk, v = _sizes(attention)
        key, value = _heads(graph, x, attention, "kv")
        key = graph.node("Transpose", key, perm=[1, 2, 0])
        value = graph.node("Transpose", value, perm=[1, 0, 2])
        graph.output(f"cross_key_{i}", key, np.float32, [heads, qk, "source"])
        graph.output(f"cross_value_{i}", value, np.float32, [heads, "source", v])
    return graph


def _decoder(decoder: Decoder, quantized: bool) -> Graph:
    graph = Graph(quantized)
    token = graph.input("token", np.int64, [1])
    position = graph.input("position", np.int64, [1])
    bar_end = graph.input("bar_end", np.int64, [1])
    positions = graph.constant(array(decoder.position_table)[PAD + 1 :])
    x = _embed(graph, decoder, token, graph.node("Gather", positions, position))
    for i, layer in enumerate(decoder.layers):
        assert isinstance(layer, DecoderLayer)
        x = _cached_attention(graph, layer, x, i)
        x = _cross_attention(graph, layer, x, i)
        x = _feed_forward(graph, layer, x)
    if decoder.layer_norm is not None:
        x = graph.norm(x, decoder.layer_norm)
    weight = array(decoder.output_projection.weight)
    barred = np.zeros((2, len(weight)), np.float32)  # what is added to the logits
    barred[:, PAD] = barred[1, END] = -np.inf
    bias = graph.reshape(graph.node("Gather", graph.constant(barred), bar_end), -1)
    logits = graph.linear(x, weight, bias)
    best = graph.node("ArgMax", logits, axis=1, keepdims=0)
    graph.output("next_token", best, np.int64, [1])
    graph.output("logits", logits, np.float32, [1, len(weight)])
    return graph


def _embed(graph: Graph, stack: EmbeddingStack, tokens: str, positions: str) -> str:
    x = graph.embedding(tokens, array(stack.embed_tokens.weight))
    if stack.scale != 1:
        x = graph.node("Mul", x, graph.constant(stack.scale, np.float32))
    x = graph.node("Add", x, positions)
    return graph.norm(x, stack.layernorm_embedding) if stack.embedding_norm else x


def _sizes(attention: Attention) -> tuple[int, int, int]:
    return attention.shape.num_heads, attention.shape.qk_dim, attention.shape.v_dim


def _projected(graph: Graph, x: str, attention: Attention, which: str) -> str:
    """`x` [T, d] as queries, keys and values ("qkv", or fewer), side by side: from one product."""
    scales = {"q": attention.shape.scale, "k": 1.0, "v": 1.0}
    modules = {"q": attention.q_proj, "k": attention.k_proj, "v": attention.v_proj}
    weights = [array(modules[name].weight) * np.float32(scales[name]) for name in which]
    biases = [array(modules[name].bias) * np.float32(scales[name]) for name in which]
    return graph.linear(x, np.concatenate(weights), np.concatenate(biases))


def _heads(graph: Graph, x: str, attention: Attention, which: str) -> list[str]:
    """Queries, keys and values of `x` [T, d], each [T, heads, size]."""
    heads, qk, v = _sizes(attention)
    sizes = [v if name == "v" else qk for name in which]
    product = _projected(graph, x, attention, which)
    if qk == v:  # one node for all
        product = graph.reshape(product, -1, heads * len(which), qk)
        return graph.split(product, [heads] * len(which))
    parts = graph.split(product, [heads * size for size in sizes])
    return [graph.reshape(part, -1, heads, size) for part, size in zip(parts, sizes, strict=True)]


def _attention_sublayer(graph: Graph, layer: EncoderLayer, x: str) -> str:
    attention = layer.self_attn
    query, key, value = _heads(graph, _before(graph, layer, "self_attn", x), attention, "qkv")
    query, value = (graph.node("Transpose", part, perm=[1, 0, 2]) for part in (query, value))
    key = graph.node("Transpose", key, perm=[1, 2, 0])
    context = graph.node("Transpose", _attend(graph, query, key, value), perm=[1, 0, 2])
    return _after(graph, layer, "self_attn", x, _out(graph, context, attention))


def _cached_attention(graph: Graph, layer: DecoderLayer, x: str, number: int) -> str:
    attention = layer.self_attn
    heads, qk, v = _sizes(attention)
    past_key = graph.input(f"past_key_{number}", np.float32, [heads, "past", qk])
    past_value = graph.input(f"past_value_{number}", np.float32, [heads, "past", v])
    product = _projected(graph, _before(graph, layer, "self_attn", x), attention, "qkv")
    if qk == v:  # one node for all three
        query, key, value = graph.split(graph.reshape(product, 3 * heads, 1, qk), [heads] * 3, axis=0)
    else:
        parts = graph.split(product, [heads * qk, heads * qk, heads * v])
        query, key, value = (graph.reshape(part, heads, 1, -1) for part in parts)
    key = graph.node("Concat", past_key, key, axis=1)
    value = graph.node("Concat", past_value, value, axis=1)
    graph.output(f"present_key_{number}", key, np.float32, [heads, "present", qk])
    graph.output(f"present_value_{number}", value, np.float32, [heads, "present", v])
    context = _attend(graph, query, graph.node("Transpose", key, perm=[0, 2, 1]), value)
    return _after(graph, layer, "self_attn", x, _out(graph, context, attention))


def _cross_attention(graph: Graph, layer: DecoderLayer, x: str, number: int) -> str:
    attention = layer.encoder_attn
    heads, qk, v = _sizes(attention)
    key = graph.input(f"cross_key_{number}", np.float32, [heads, qk, "source"])
    value = graph.input(f"cross_value_{number}", np.float32, [heads, "source", v])
    query = _projected(graph, _before(graph, layer, "encoder_attn", x), attention, "q")
    context = _attend(graph, graph.reshape(query, heads, 1, qk), key, value)
    return _after(graph, layer, "encoder_attn", x, _out(graph, context, attention))


def _attend(graph: Graph, query: str, key: str, value: str) -> str:
    """`query` [heads, T, qk], `key` [heads, qk, S], `value` [heads, S, v] to [heads, T, v]."""
    shares = graph.node("Softmax", graph.node("MatMul", query, key), axis=-1)
    return str(graph.node("MatMul", shares, value))


def _out(graph: Graph, context: str, attention: Attention) -> str:
    """`context` [T, heads, v] or, of one position, [heads, 1, v], to [T, d]."""
    heads, _, v = _sizes(attention)
    joined = graph.reshape(context, -1, heads * v)
    return graph.linear(joined, array(attention.out_proj.weight), array(attention.out_proj.bias))


def _feed_forward(graph: Graph, layer: EncoderLayer, x: str) -> str:
    y = _before(graph, layer, "final", x)
    y = graph.linear(y, array(layer.fc1.weight), array(layer.fc1.bias))
    y = graph.node("Gelu" if layer.activation.__name__ == "gelu" else "Relu", y)
    return _after(graph, layer, "final", x, graph.linear(y, array(layer.fc2.weight), array(layer.fc2.bias)))


def _before(graph: Graph, layer: EncoderLayer, name: str, x: str) -> str:
    return graph.norm(x, getattr(layer, f"{name}_layer_norm")) if layer.pre_norm else x


def _after(graph: Graph, layer: EncoderLayer, name: str, x: str, branch: str) -> str:
    y = str(graph.node("Add", x, branch))
    return y if layer.pre_norm else graph.norm(y, getattr(layer, f"{name}_layer_norm"))
