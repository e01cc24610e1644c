"""ONNX Runtime as an engine of the latency protocol: greedy decoding, one step of the decoder at a time."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from tprune.errors import TPruneError
from tprune.latency.protocol import longest_output

END = 2  # </s> and, below, <unk> of every fairseq dictionary
UNKNOWN = 3


class OnnxRuntimeEngine:
    """A model of `tprune.compaction.onnx_export` on the CPU, one sentence at a time on `threads` threads."""

    def __init__(self, directory: str | Path, threads: int) -> None:
        """Load the model in `directory`.

        Pin the process before: the model's threads inherit their cores from the thread that loads it.
        A folder that holds no model raises TPruneError.
        """
        directory = Path(directory)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
            self._encoder, self._decoder = (
                onnxruntime.InferenceSession(
                    str(directory / name), options, providers=["CPUExecutionProvider"]
                )
                for name in ("encoder.onnx", "decoder.onnx")
            )
        # ONNX Runtime's errors have no base class of their own.
        except Exception as error:
            raise TPruneError(
                f"{directory}: ONNX Runtime cannot load it ({error}); delete it and make it again"
            ) from error
        self._ids = {piece: index for index, piece in enumerate(self._config["source_pieces"])}
        layers = range(len(self._config["cache"]))
        self._cross = [name for i in layers for name in (f"cross_key_{i}", f"cross_value_{i}")]
        self._past = [name for i in layers for name in (f"past_key_{i}", f"past_value_{i}")]
        self._present = [name.replace("past", "present") for name in self._past]
        self._empty = {
            name: _value(np.zeros((shape["heads"], 0, shape[size]), np.float32))
            for shape, i in zip(self._config["cache"], layers, strict=True)
            for name, size in ((f"past_key_{i}", "qk_dim"), (f"past_value_{i}", "v_dim"))
        }
        self._bars = [_value(np.array([bar], np.int64)) for bar in (0, 1)]
        self._positions = [
            _value(np.array([i], np.int64)) for i in range(self._config["max_target_positions"])
        ]

    def translate(self, pieces: Sequence[str], beam: int, forced_length: int | None) -> int:
        """Translate one sentence; return the number of output pieces, end mark excluded.

        Only beam 1 is run; another raises TPruneError. A forced length bars the end mark until then.
        """
        if beam != 1:
            raise TPruneError(
                f"latency: beam {beam} asked, but the engine onnxruntime decodes greedily; "
                "give its device beam 1 in the sheet"
            )
        return len(self.decode(pieces, forced_length))

    def decode(self, pieces: Sequence[str], forced_length: int | None) -> list[int]:
        """The indices of the output pieces, end mark excluded."""
        tokens = np.array([*(self._ids.get(piece, UNKNOWN) for piece in pieces), END], np.int64)
        cross = self._encoder.run_with_ort_values(self._cross, {"tokens": _value(tokens)})
        feeds = {**self._empty, **dict(zip(self._cross, cross, strict=True))}
        most = longest_output(len(pieces)) if forced_length is None else forced_length
        least = 1 if forced_length is None else forced_length
        token = _value(np.array([END], np.int64))
        output: list[int] = []
        for step in range(min(most, len(self._positions))):
            feeds |= {
                "token": token,
                "position": self._positions[step],
                "bar_end": self._bars[step < least],
            }
            token, *present = self._decoder.run_with_ort_values(["next_token", *self._present], feeds)
            chosen = int(token.numpy()[0])
            if chosen == END:
                break
            output.append(chosen)
            feeds.update(zip(self._past, present, strict=True))
        return output


def _value(array: np.ndarray) -> onnxruntime.OrtValue:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)
