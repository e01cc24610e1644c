"""CTranslate2 as an engine of the latency protocol."""

from collections.abc import Sequence
from pathlib import Path

import ctranslate2

from tprune.errors import TPruneError
from tprune.latency.job import position_limits
from tprune.latency.protocol import longest_output


class CTranslate2Engine:
    """A CTranslate2 model on the CPU: one sentence at a time on `threads` threads."""

    def __init__(self, directory: str | Path, dtype: str, threads: int) -> None:
        """Load the model in `directory`, computing in `dtype` (float32, int8, ...).

        Pin the process before: the model's threads inherit their cores from the thread that loads it.
        A folder that holds no model, or a dtype this CPU cannot compute in, raises TPruneError.
        """
        supported = ctranslate2.get_supported_compute_types("cpu")
        if dtype not in supported:
            raise TPruneError(
                f"latency.dtypes: {dtype} is not computed on this CPU; choose from {sorted(supported)}"
            )
        self._limits = position_limits(directory)
        try:
            self._translator = ctranslate2.Translator(
                str(directory), device="cpu", compute_type=dtype, inter_threads=1, intra_threads=threads
            )
        except (RuntimeError, ValueError, IndexError) as error:
            raise TPruneError(
                f"{directory}: CTranslate2 cannot load it ({error}); delete it and make it again"
            ) from error

    def translate(self, pieces: Sequence[str], beam: int, forced_length: int | None) -> int:
        """Translate one sentence; return the number of pieces of the best hypothesis, end mark excluded.

        A forced length is a minimum and a maximum at once: the end mark is barred until then, and
        decoding stops there.
        """
        least = 1 if forced_length is None else forced_length
        most = longest_output(len(pieces)) if forced_length is None else forced_length
        result = self._translator.translate_batch(
            [list(pieces)],
            beam_size=beam,
            max_input_length=0,
            min_decoding_length=least,
            max_decoding_length=min(most, self._limits[1]),
        )
        return len(result[0].hypotheses[0])
