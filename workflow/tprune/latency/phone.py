"""What an Android phone is and how warm: asked by a shell without root, before and after a measurement.

`dumpsys` and `getprop` are Android's; the files of /sys stand in where dumpsys says nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PROPERTIES = {
    "manufacturer": "ro.product.manufacturer",
    "model": "ro.product.model",
    "soc_manufacturer": "ro.soc.manufacturer",
    "soc_model": "ro.soc.model",
    "platform": "ro.board.platform",
    "android": "ro.build.version.release",
    "sdk": "ro.build.version.sdk",
    "build": "ro.build.id",
}
_IDENTITY = "; ".join(
    [f'echo "{name}=$(getprop {key} 2>/dev/null)"' for name, key in PROPERTIES.items()]
    + ['echo "machine=$(uname -m)"', 'echo "cpuset=$(cat /proc/self/cpuset 2>/dev/null)"']
)
_MARK = "--tprune--"
_CONDITION = f"""
dumpsys battery 2>/dev/null; echo {_MARK}
dumpsys thermalservice 2>/dev/null; echo {_MARK}
settings get global low_power 2>/dev/null; echo {_MARK}
cat /sys/class/power_supply/battery/temp 2>/dev/null; echo {_MARK}
for zone in /sys/class/thermal/thermal_zone*; do
  echo "$(cat $zone/type 2>/dev/null) $(cat $zone/temp 2>/dev/null)"
done 2>/dev/null; true
"""
STATUSES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")

Shell = Callable[[str], str]


@dataclass(frozen=True)
class Identity:
    """A phone's names, None where it does not tell, and its machine as `uname -m` gives it."""

    properties: dict[str, str | None]
    machine: str

    @property
    def name(self) -> str | None:
        """Manufacturer and model."""
        maker, model = self.properties["manufacturer"], self.properties["model"]
        if maker and model and model.lower().startswith(maker.lower()):
            return model
        return " ".join(filter(None, (maker, model))) or None

    @property
    def soc(self) -> str | None:
        """The system on chip; Android before 12 knows the platform's name only."""
        parts = self.properties["soc_manufacturer"], self.properties["soc_model"]
        return " ".join(filter(None, parts)) or self.properties["platform"]


@dataclass(frozen=True)
class Condition:
    """How a phone is at one moment; None is what it does not tell.

    `battery_level` in percent, temperatures in degrees Celsius, `thermal_status` from 0 (none) to 6
    (shutdown) as Android's PowerManager counts, `hottest_zone` of the kernel's thermal zones.
    """

    battery_level: int | None
    battery_celsius: float | None
    charging: bool | None
    battery_saver: bool | None
    thermal_status: int | None
    skin_celsius: float | None
    hottest_zone: str | None
    hottest_celsius: float | None


def identify(shell: Shell) -> Identity:
    """Ask a phone for its names."""
    values = dict(line.partition("=")[::2] for line in shell(_IDENTITY).splitlines())
    found = {name: values.get(name, "").strip() or None for name in (*PROPERTIES, "cpuset")}
    return Identity(found, values.get("machine", "").strip())


def read_condition(shell: Shell) -> Condition:
    """Ask a phone how it is."""
    parts = (shell(_CONDITION).split(_MARK) + [""] * 5)[:5]
    battery, thermal, saver, kernel_battery, zones = (part.strip() for part in parts)
    powered = re.findall(r"^\s*\w+ powered: (true|false)", battery, re.MULTILINE)
    tenths = _number(r"^\s*temperature: (-?\d+)", battery)
    if tenths is None:
        tenths = _number(r"^(-?\d+)$", kernel_battery)
    status = _number(r"^\s*Thermal Status: (\d+)", thermal)
    skin = re.findall(r"Temperature\{mValue=([\d.]+), mType=3,", thermal)
    zone, hottest = _hottest(zones)
    level = _number(r"^\s*level: (\d+)", battery)
    return Condition(
        battery_level=None if level is None else int(level),
        battery_celsius=None if tenths is None else tenths / 10,
        charging="true" in powered if powered else None,
        battery_saver={"0": False, "1": True}.get(saver),
        thermal_status=None if status is None else int(status),
        skin_celsius=max(map(float, skin)) if skin else None,
        hottest_zone=zone,
        hottest_celsius=hottest,
    )


def in_signature(identity: Identity, before: Condition, after: Condition) -> dict[str, Any]:
    """What the signature holds of a phone; device and cpu only where it tells them."""
    names = {"device": identity.name, "cpu": identity.soc}
    return {
        **{key: name for key, name in names.items() if name is not None},
        "phone": identity.properties,
        "condition_before": vars(before),
        "condition_after": vars(after),
    }


def _number(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1]) if found else None


def _hottest(zones: str) -> tuple[str | None, float | None]:
    """Name and temperature of the hottest zone; the kernel counts thousandths, some vendors whole degrees."""
    found = []
    for line in zones.splitlines():
        name, _, value = line.rpartition(" ")
        if re.fullmatch(r"-?\d+", value):
            celsius = int(value) / 1000 if abs(int(value)) >= 1000 else float(value)
            if 0 < celsius < 130:  # a zone that is off gives 0, -273 or the like
                found.append((celsius, name))
    if not found:
        return None, None
    celsius, name = max(found)
    return name, celsius
