import json
import os
from pathlib import Path

import pytest

from tprune.errors import TPruneError
from tprune.latency.contention import Clock, Contention, contention, read_clock
from tprune.latency.pinning import choose_cores, pin
from tprune.latency.signature import cpu_model, device_signature


def core(root: Path, number: int, megahertz: int, siblings: str) -> None:
    for name, text in (
        ("cpufreq/cpuinfo_max_freq", str(megahertz * 1000)),
        ("topology/thread_siblings_list", siblings),
    ):
        path = root / f"cpu{number}" / name
        path.parent.mkdir(parents=True)
        path.write_text(text + "\n", encoding="utf-8")


def test_big_cores_come_before_little_ones(tmp_path: Path) -> None:
    for number, megahertz in enumerate((1800, 1800, 2800, 2400)):
        core(tmp_path, number, megahertz, str(number))
    assert choose_cores(1, range(4), tmp_path) == [2]
    assert choose_cores(2, range(4), tmp_path) == [2, 3]
    assert choose_cores(1, [0, 1], tmp_path) == [1]


def test_the_kernels_capacity_comes_before_the_frequency(tmp_path: Path) -> None:
    for number, (megahertz, capacity) in enumerate(((2000, 300), (1900, 1024), (2000, 300))):
        core(tmp_path, number, megahertz, str(number))
        (tmp_path / f"cpu{number}/cpu_capacity").write_text(f"{capacity}\n", encoding="utf-8")
    assert choose_cores(1, range(3), tmp_path) == [1]


def test_two_threads_of_one_core_are_the_last_choice(tmp_path: Path) -> None:
    for number, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        core(tmp_path, number, 3000, siblings)
    assert choose_cores(2, range(4), tmp_path) == [2, 3]
    assert choose_cores(2, [1, 2, 3], tmp_path) == [2, 3]
    assert choose_cores(2, [0, 1, 2], tmp_path) == [1, 2]


def test_too_few_cores_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match="3 threads asked, but this process may use 2"):
        choose_cores(3, range(2), tmp_path)


def test_pinning_holds() -> None:
    cores = pin(1)
    assert os.sched_getaffinity(0) == set(cores)
    assert len(cores) == 1


def test_where_pinning_is_forbidden_it_goes_on_unpinned(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forbid(process: int, cores: list[int]) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", forbid)
    assert pin(1) == []
    assert "not pinned" in caplog.text and device_signature([], {})["pinned_cores"] == []


def test_signature_describes_this_device() -> None:
    signature = device_signature([0], {"name": "ctranslate2", "version": "1"})
    assert set(signature) == {
        *("device", "cpu", "architecture", "cores", "pinned_cores", "governor", "max_mhz", "caches"),
        *("memory_bytes", "system", "kernel", "python", "engine"),
    }
    assert signature["pinned_cores"] == [0]
    assert signature["cores"] == os.cpu_count()
    assert signature["memory_bytes"] > 1e8
    assert json.loads(json.dumps(signature)) == signature
    assert os.uname().nodename not in json.dumps(signature).split('"')


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU 3000\n", "Some CPU 3000"),
        ("processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0b\n", "implementer 0x41 part 0xd0b"),
        ("processor : 0\nCPU part : 0xd08\n\nHardware : BCM2835\nModel : Board 4\n", "Board 4"),
        ("", None),
    ],
)
def test_cpu_is_named(cpuinfo: str, expected: str | None) -> None:
    assert cpu_model(cpuinfo) == expected


def test_clock_reads_the_first_line(tmp_path: Path) -> None:
    second = os.sysconf("SC_CLK_TCK")
    ticks = [count * second for count in (10, 1, 5, 80, 2, 1, 1, 4, 0, 0)]
    stat = tmp_path / "stat"
    stat.write_text(f"cpu  {' '.join(map(str, ticks))}\ncpu0 1 2 3\n", encoding="utf-8")
    clock = read_clock(stat)
    assert clock is not None
    assert (clock.total, clock.busy, clock.stolen) == (104, 18, 4)
    assert read_clock(tmp_path / "absent") is None


def test_contention_leaves_out_our_own_time() -> None:
    before = Clock(total=100, busy=20, stolen=1, own=5)
    during = contention(before, Clock(total=200, busy=80, stolen=3, own=55))
    assert during == Contention(own=0.5, others=0.1, stolen=0.02)
    assert not during.quiet
    assert contention(before, Clock(total=200, busy=71, stolen=1, own=55)) == Contention(0.5, 0.01, 0.0)
    assert Contention(0.5, 0.01, 0.0).quiet
    assert contention(before, before) is None
    assert contention(None, before) is None
