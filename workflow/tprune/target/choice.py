"""The choice: of the models that meet a target the one that is best in what was not asked for.

Quality is BLEU on the validation set: the test set is kept for what the chosen model is reported with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tprune.errors import TPruneError


@dataclass(frozen=True)
class Measured:
    """A model as measured on the device: `path` is its place in the results, method~M/strength~S/...

    Speed-up against the control of the same dtype and beam, milliseconds a sentence (median), each with its
    95 % interval; BLEU on the validation set and its change against the control in percent.
    """

    model: str
    path: str
    speedup: float
    speedup_low: float
    speedup_high: float
    milliseconds: float
    milliseconds_low: float
    milliseconds_high: float
    valid_bleu: float
    valid_bleu_change_percent: float

    def __str__(self) -> str:
        return (
            f"{self.model}: {self.speedup:.2f}x ({self.speedup_low:.2f}-{self.speedup_high:.2f}), "
            f"{self.milliseconds:.2f} ms, BLEU {self.valid_bleu_change_percent:+.1f} % (validation set)"
        )

    def meets(self, key: str, value: float) -> bool:
        """Whether the measured value meets the target: not whether its whole interval does."""
        if key == "milliseconds":
            return self.milliseconds <= value
        return bool(getattr(self, _MEASURE[key]) >= value)


_MEASURE = {"speedup": "speedup", "bleu_change_percent": "valid_bleu_change_percent"}
_REMEDY = {
    "speedup": "ask for less; or ask for more, of which some model is as fast as you need",
    "milliseconds": "allow more; or ask for less, of which some model is as fast as you need",
    "bleu_change_percent": "allow more, name smaller `prune.speedups`, or raise `prune.fine_tuning_updates`",
}


def choose(key: str, value: float, measured: Sequence[Measured]) -> Measured:
    """The model for the target `key` (a key of section `target`) with its `value`.

    For a speed-up or a time: the one of highest BLEU among those that meet it, the faster of equals. For a
    quality: the fastest of those that meet it, without the control. Raises TPruneError, which names the
    nearest and what to change, where none does.
    """
    quality = key == "bleu_change_percent"
    eligible = [one for one in measured if not (quality and one.model == "control")]
    meeting = [one for one in eligible if one.meets(key, value)]
    if not meeting:
        nearest = max(eligible, key=lambda one: one.valid_bleu_change_percent if quality else one.speedup)
        raise TPruneError(
            f"target.{key}: {value:g} asked, and none of {len(eligible)} models meets it; the nearest is "
            f"{nearest}. To have one, {_REMEDY[key]}"
        )
    if quality:
        return max(meeting, key=lambda one: (one.speedup, one.valid_bleu))
    return max(meeting, key=lambda one: (one.valid_bleu, one.speedup))
