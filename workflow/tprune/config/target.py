"""Key `target`: what is asked of the one model that the target `target` ends with."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from tprune.config.devices import Device, reference_device
from tprune.config.latency import Latency
from tprune.config.section import Count, Section, Speedup
from tprune.errors import TPruneError


class Target(Section):
    """A speed-up, a time or a quality; one of the three."""

    speedup: Speedup | None = Field(
        default=None,
        description="The best model that is at least this much faster than the control.",
    )
    milliseconds: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="The best model that takes at most this long for a sentence of the test set (median, "
        "forced to the reference's length).",
    )
    bleu_change_percent: Annotated[float, Field(gt=-100, lt=100)] | None = Field(
        default=None,
        description="The fastest model whose BLEU on the validation set changes by no less than this "
        "against the control: -1 allows a loss of 1 %.",
    )
    device: str | None = Field(
        default=None, description="Name in the sheet of the device that counts; `null`: this machine."
    )
    dtype: Literal["float32", "int8"] | None = Field(
        default=None, description="One of `latency.dtypes`; `null`: the first of the device."
    )
    beam: Count | None = Field(default=None, description="Beam size; `null`: the first of the device.")

    @property
    def asked(self) -> tuple[str, float] | None:
        """Key and value of what is asked; None where nothing is."""
        for key in REQUESTS:
            value = getattr(self, key)
            if value is not None:
                return key, value
        return None


REQUESTS = ("speedup", "milliseconds", "bleu_change_percent")


def device_of(target: Target, devices: Sequence[Device], latency: Latency) -> Device:
    """The row of the device that counts, to be timed in the target's dtype with its beam alone.

    Raises TPruneError where the sheet has no such device, or the device cannot do what is asked.
    """
    name = target.device or reference_device(devices).name
    found = [device for device in devices if device.name == name]
    if not found:
        names = ", ".join(device.name for device in devices)
        raise TPruneError(f"target.device: found {name!r}, must be a name in the sheet: {names}")
    device = found[0]
    dtype, beam = target.dtype or device.dtypes[0], target.beam or device.beams[0]
    if dtype not in latency.dtypes:
        raise TPruneError(f"target.dtype: found {dtype!r}, must be in latency.dtypes {latency.dtypes}")
    if device.engine != "ctranslate2" and beam != 1:
        raise TPruneError(
            f"target.beam: found {beam}, but {device.engine} on {name} decodes greedily: ask for 1"
        )
    return replace(device, dtypes=(dtype,), beams=(beam,))


def is_predicted(device: Device, latency: Latency) -> bool:
    """Whether the latency model that line counts are chosen by is of this device, dtype and beam."""
    on = (device.kind, device.engine, device.threads, device.dtypes, device.beams)
    return on == ("local", "ctranslate2", latency.threads, (latency.dtypes[0],), (latency.beams[0],))
