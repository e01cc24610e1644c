"""Whether a device slowed down from heat while it measured, by what can be seen of it."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tprune.latency.phone import STATUSES
from tprune.latency.protocol import Sample

MODERATE = 2  # Android's thermal status from which on an app should do less
LOST_FREQUENCY = 0.10  # of the highest that the pinned cores had
DRIFT = 0.10  # of the time per token, from the first third of the blocks to the last


def throttling(signature: Mapping[str, Any], samples: Sequence[Sample], block: int) -> list[str] | None:
    """Why the times must be read as those of a device that slowed down, in words.

    Empty: it did not. None: the device tells nothing, and the blocks are too few to see a drift.

    `samples` are in the order they were taken, in blocks of `block` sentences. From the signature:
    `condition_after` (of a phone), and per block and pinned core `block_mhz` and `block_limit_mhz`.
    """
    found: list[str] = []
    observed = False
    status = (signature.get("condition_after") or {}).get("thermal_status")
    observed |= status is not None
    if status is not None and status >= MODERATE:
        found.append(f"thermal status {STATUSES[min(status, len(STATUSES) - 1)]} at the end")
    for key, what in (("block_mhz", "ran"), ("block_limit_mhz", "was allowed to run")):
        blocks = [value for values in signature.get(key) or [] if (value := min(values, default=None))]
        observed |= len(blocks) > 1
        if blocks and min(blocks) < (1 - LOST_FREQUENCY) * max(blocks):
            found.append(f"a pinned core {what} at {min(blocks):.0f} MHz after {max(blocks):.0f} MHz")
    drifted = drift(samples, block)
    observed |= drifted is not None
    if drifted is not None and drifted > DRIFT:
        found.append(f"translations of the last blocks took {100 * drifted:.0f} % longer per token")
    return found if observed else None


def drift(samples: Sequence[Sample], block: int) -> float | None:
    """How much longer a token took in the last third of the blocks than in the first; None: under 3 blocks.

    Each model, dtype, beam and length is compared with itself, and the median over them is taken.
    """
    order = {number: place for place, number in enumerate(dict.fromkeys(s.sentence for s in samples))}
    blocks = len(order) // block  # a last one that is not whole is left out
    if blocks < 3:
        return None
    third = blocks // 3
    sums: dict[tuple[Any, ...], list[list[float]]] = {}
    for sample in samples:
        place = order[sample.sentence] // block
        part = 0 if place < third else 1 if blocks - third <= place < blocks else None
        if part is None:
            continue
        key = (sample.model, sample.dtype, sample.beam, sample.length)
        total = sums.setdefault(key, [[0.0, 0.0], [0.0, 0.0]])[part]
        total[0] += sample.seconds
        total[1] += sample.output_tokens
    ratios = [
        (last[0] / last[1]) / (first[0] / first[1]) for first, last in sums.values() if first[1] and last[1]
    ]
    return median(ratios) - 1 if ratios else None
