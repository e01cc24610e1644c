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

    def __init__(self, directory: str | Path, dtype: str, threads: int) -> None:
        """Load the model in `directory`; its `dtype` is a matter of its weights.

        Pin the process before: the model's threads inherit their cores from the thread that loads it.
        A folder that holds no model raises TPruneError.
        """
        directory = Path(directory)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._config, vocabulary = (
                json.loads((directory / name).read_text(encoding="utf-8"))
                for name in ("config.json", "vocabulary.json")
            )
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
        self._ids = {piece: index for index, piece in enumerate(vocabulary["source_pieces"])}
        layers = range(len(self._config["cache"]))
        self._cross = [name for i in layers for name in (f"cross_key_{i}", f"cross_value_{i}")]
        self._past = [name for i in layers for name in (f"past_key_{i}", f"past_value_{i}")]
        self._present = [name.replace("past", "present") for name in self._past]
        self._empty: dict[str, np.ndarray] = {
            name: np.zeros((shape["heads"], 0, shape[size]), np.float32)
            for shape, i in zip(self._config["cache"], layers, strict=True)
            for name, size in ((f"past_key_{i}", "qk_dim"), (f"past_value_{i}", "v_dim"))
        }

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
        feeds = self.encode(pieces)
        most = longest_output(len(pieces)) if forced_length is None else forced_length
        least = 1 if forced_length is None else forced_length
        token = END
        output: list[int] = []
        for position in range(min(most, self._config["max_target_positions"])):
            token = int(self.step(feeds, token, position, position < least)[0])
            if token == END:
                break
            output.append(token)
        return output

    def encode(self, pieces: Sequence[str]) -> dict[str, np.ndarray]:
        """Run the encoder; what `step` needs: keys and values of the source, an empty cache."""
        tokens = np.array([*(self._ids.get(piece, UNKNOWN) for piece in pieces), END], np.int64)
        cross = self._encoder.run(self._cross, {"tokens": tokens})
        return {**self._empty, **dict(zip(self._cross, cross, strict=True))}

    def step(
        self,
        feeds: dict[str, np.ndarray],
        token: int,
        position: int,
        bar_end: bool,
        fetch: str = "next_token",
    ) -> np.ndarray:
        """One step of the decoder after `token`; returns next_token [1] or logits [1, V], updates `feeds`.

        Plain arrays: with OrtValues or an I/O binding a step of this many small tensors takes longer.
        """
        feeds["token"], feeds["position"] = np.array([token], np.int64), np.array([position], np.int64)
        feeds["bar_end"] = np.array([bar_end], np.int64)
        fetched, *present = self._decoder.run([fetch, *self._present], feeds)
        feeds.update(zip(self._past, present, strict=True))
        return fetched
