"""An ONNX graph written node by node, its matrices in float32 or int8.

In int8 a matrix has one scale per output, symmetric about 0, and the activations are quantised as they come
(ONNX Runtime's DynamicQuantizeMatMul, which is what its own dynamic quantisation ends in). The bytes are
unsigned: with signed ones ONNX Runtime's sums saturate on CPUs that have AVX2 without VNNI.
"""

import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from tprune.atomic import atomic_path

OPSET = 20
_CONTRIB = "com.microsoft"
_LARGEST = 127
_MIDDLE = 128

Shape = Sequence[int | str]


class Graph:
    """Nodes and weights; every method that adds a node returns the name of its (first) output."""

    def __init__(self, quantized: bool) -> None:
        self.quantized = quantized
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._renamed: dict[str, str] = {}
        self._numbers = itertools.count()

    def input(self, name: str, dtype: type, shape: Shape) -> str:
        """Declare an input; a dimension that is a text is free."""
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: type, shape: Shape) -> None:
        """Declare `value`, the output of a node, an output of the graph called `name`."""
        self._renamed[value] = name
        self._outputs.append(_value(name, dtype, shape))

    def node(self, operator: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        """Add a node; with several `outputs` their names come as a list."""
        names = [f"{operator}_{next(self._numbers)}" for _ in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value: Any, dtype: type | None = None) -> str:
        """Store a tensor (integers as int64, floats as float32) and return its name; equal ones once."""
        array = np.array(value, dtype, order="C", ndmin=0)
        digest = hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).hexdigest()
        key = f"weight_{digest[:16]}"
        self._weights.setdefault(key, numpy_helper.from_array(array, key))
        return key

    def reshape(self, x: str, *shape: int) -> str:
        """Reshape to `shape`, in which one size may be -1."""
        return self.node("Reshape", x, self.constant(shape, np.int64))

    def split(self, x: str, sizes: Sequence[int], axis: int = 1) -> list[str]:
        """Cut `x` along `axis` into parts of `sizes`."""
        names: list[str] = self.node(
            "Split", x, self.constant(sizes, np.int64), outputs=len(sizes), axis=axis
        )
        return names

    def norm(self, x: str, norm: nn.LayerNorm) -> str:
        """Layer norm over the last axis."""
        scale, bias = self.constant(array(norm.weight)), self.constant(array(norm.bias))
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=norm.eps)

    def linear(self, x: str, weight: np.ndarray, bias: str | np.ndarray) -> str:
        """`x` [T, in] times `weight` [out, in] plus `bias` (an array [out] or the name of such a tensor)."""
        added = bias if isinstance(bias, str) else self.constant(bias)
        if self.quantized:
            matrix, scale = self._quantised(weight)
            zero = self.constant(np.full(len(weight), _MIDDLE), np.uint8)
            return self.node("DynamicQuantizeMatMul", x, matrix, scale, zero, added, domain=_CONTRIB)
        return self.node("Gemm", x, self.constant(weight), added, transB=1)

    def embedding(self, tokens: str, weight: np.ndarray) -> str:
        """Rows of `weight` [V, d] at `tokens` [T]; one that is an output projection too is stored once."""
        if not self.quantized:
            return self.node("Gather", self.constant(weight), tokens)
        matrix, scale = self._quantised(weight)
        columns = self.node("Cast", self.node("Gather", matrix, tokens, axis=1), to=TensorProto.FLOAT)
        columns = self.node("Sub", columns, self.constant(_MIDDLE, np.float32))
        scaled = self.node("Mul", columns, self.node("Gather", scale, tokens))
        return self.node("Transpose", scaled, perm=[1, 0])

    def _quantised(self, weight: np.ndarray) -> tuple[str, str]:
        """[out, in] as uint8 [in, out] about `_MIDDLE`, and the scale of each output."""
        scale = np.abs(weight).max(axis=1) / _LARGEST
        scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
        whole = np.rint(weight / scale[:, None]) + _MIDDLE
        return self.constant(whole.T, np.uint8), self.constant(scale)

    def write(self, path: str | Path) -> None:
        """Check the graph and write it, atomically."""
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [self._renamed.get(name, name) for name in names]
        graph = helper.make_graph(
            self._nodes, "tprune", self._inputs, self._outputs, list(self._weights.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="tprune")
        onnx.checker.check_model(model)
        with atomic_path(path) as partial:
            onnx.save_model(model, str(partial))


def array(tensor: Tensor) -> np.ndarray:
    """A float32 copy of `tensor`."""
    return tensor.detach().float().cpu().numpy().copy()


def _value(name: str, dtype: Any, shape: Shape) -> onnx.ValueInfoProto:
    kind = {np.int64: TensorProto.INT64, np.float32: TensorProto.FLOAT}[dtype]
    return helper.make_tensor_value_info(name, kind, list(shape))
