from pathlib import Path

import pytest

from tprune.latency.frequency import FrequencyLog
from tprune.latency.phone import identify, in_signature, read_condition
from tprune.latency.protocol import Sample
from tprune.latency.throttling import drift, throttling

BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: true
  Max charging current: 500000
  status: 2
  level: 62
  scale: 100
  temperature: 391
"""
THERMAL = """IsStatusOverride: false
Thermal Status: 2
Cached temperatures:
\tTemperature{mValue=55.0, mType=0, mName=CPU0, mStatus=0}
\tTemperature{mValue=41.25, mType=3, mName=skin_therm, mStatus=2}
"""


def answer(*parts: str) -> str:
    return "--tprune--\n".join(f"{part}\n" for part in parts)


def test_a_phone_tells_who_it_is() -> None:
    told = "manufacturer=Acme\nmodel=Nine\nsoc_manufacturer=Google\nsoc_model=Tensor G3\nandroid=15\n"
    identity = identify(lambda script: told + "machine=aarch64\ncpuset=/foreground\n")
    assert (identity.name, identity.soc, identity.machine) == (
        "Acme Nine",
        "Google Tensor G3",
        "aarch64",
    )
    assert identity.properties["android"] == "15" and identity.properties["platform"] is None


@pytest.mark.parametrize(
    ("told", "name", "soc"),
    [
        ("manufacturer=samsung\nmodel=Samsung S9\nplatform=exynos5\n", "Samsung S9", "exynos5"),
        ("model=X1\n", "X1", None),
        ("machine=x86_64\n", None, None),
    ],
)
def test_a_phone_that_tells_less_is_named_by_what_it_tells(told: str, name: str, soc: str) -> None:
    identity = identify(lambda script: told)
    assert (identity.name, identity.soc) == (name, soc)


def test_the_condition_comes_from_dumpsys() -> None:
    condition = read_condition(lambda script: answer(BATTERY, THERMAL, "1", "", "cpu-0 48200\nskin 0\n"))
    assert vars(condition) == {
        "battery_level": 62,
        "battery_celsius": 39.1,
        "charging": True,
        "battery_saver": True,
        "thermal_status": 2,
        "skin_celsius": 41.25,
        "hottest_zone": "cpu-0",
        "hottest_celsius": 48.2,
    }


def test_without_dumpsys_the_kernel_is_asked() -> None:
    zones = "big 71000\nlittle core 65\nmodem -273000\nbroken \n"
    condition = read_condition(lambda script: answer("", "", "", "305", zones))
    assert (condition.battery_celsius, condition.thermal_status, condition.charging) == (30.5, None, None)
    assert (condition.hottest_zone, condition.hottest_celsius) == ("big", 71.0)
    identity = identify(lambda script: "")
    told = in_signature(identity, condition, condition)
    assert told["condition_after"]["battery_celsius"] == 30.5 and not {"device", "cpu"} & set(told)


def samples(seconds: list[float]) -> list[Sample]:
    """Two models; one sentence of ten tokens per entry."""
    return [
        Sample(model, model, "0", "0", "int8", 1, "forced", number, 9, 10, factor * value)
        for number, value in enumerate(seconds)
        for model, factor in (("control", 1.0), ("shs", 0.5))
    ]


def test_drift_compares_the_last_blocks_with_the_first() -> None:
    assert drift(samples([1.0, 1.0, 1.0, 2.0, 1.3, 1.3]), block=2) == pytest.approx(0.3)
    assert drift(samples([1.0] * 6 + [9.0]), block=2) == pytest.approx(0), (
        "a block that is not whole is left out"
    )
    assert drift(samples([1.0, 1.0, 5.0, 5.0]), block=2) is None


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ({"condition_after": {"thermal_status": 1}}, []),
        ({"condition_after": {"thermal_status": 3}}, ["thermal status severe at the end"]),
        ({"block_mhz": [[2800.0, 2800.0], [2800.0, 2750.0]]}, []),
        ({"block_mhz": [[2800.0], [2100.0], [2800.0]]}, ["a pinned core ran at 2100 MHz after 2800 MHz"]),
        (
            {"block_limit_mhz": [[2800.0], [2000.0]]},
            ["a pinned core was allowed to run at 2000 MHz after 2800 MHz"],
        ),
        ({"condition_after": None, "block_mhz": []}, None),
        ({}, None),
    ],
)
def test_throttling_is_seen_by_status_and_frequency(signature: dict, expected: list[str] | None) -> None:
    assert throttling(signature, samples([1.0, 1.0]), block=1) == expected


def test_throttling_is_seen_by_the_times() -> None:
    slowed = samples([1.0, 1.0, 1.2, 1.2, 1.4, 1.4])
    assert throttling({}, slowed, block=2) == ["translations of the last blocks took 40 % longer per token"]


def test_frequencies_are_read_at_each_rest(tmp_path: Path) -> None:
    folder = tmp_path / "cpu4/cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_max_freq").write_text("2400000\n", encoding="utf-8")
    log = FrequencyLog([4, 5], tmp_path)
    for running in ("2400000", "1800000"):
        (folder / "scaling_cur_freq").write_text(f"{running}\n", encoding="utf-8")
        log.rest(0)
    assert (log.running, log.limit) == ([[2400.0], [1800.0]], [[2400.0], [2400.0]])
