"""One training per state folder: real processes that are killed, suspended, asked to stop, and race."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tprune.errors import FinishedElsewhereError, TPruneError
from tprune.training.generation import Generation, chain, claim
from tprune.training.owner import Ownership, Patience, held

SILENCE = 1.0
Start = Callable[..., subprocess.Popen]


def run_until(process: subprocess.Popen, text: str) -> str:
    """What the process printed, up to the line with `text`."""
    printed = ""
    assert process.stdout is not None
    for line in process.stdout:
        printed += line
        if text in line:
            return printed
    raise AssertionError(f"no {text!r} in:\n{printed}")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "baseline-0123"


@pytest.fixture
def start(state: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts owners, each in a process group of its own; all are ended with the test."""
    started = []

    def begin(
        host: str = "here", seconds: float = 60, rounds: int = 1, beat: float = 0.05, silence: float = SILENCE
    ) -> subprocess.Popen:
        argv = [
            sys.executable,
            "-m",
            "tests.unit.training.owner_program",
            str(state),
            str(tmp_path / "probe"),
        ]
        argv += [str(number) for number in (seconds, rounds, beat, silence)]
        environment = {**os.environ, "TPRUNE_HOST": host, "PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT}"}
        started.append(
            subprocess.Popen(
                argv, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True, cwd=ROOT
            )
        )
        return started[-1]

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def training_of(process: subprocess.Popen) -> psutil.Process:
    """The process that writes checkpoints for an owner, once it is more than the owner's fork.

    Stopped or ended any earlier it would leave the owner waiting for it, or out of its reach.
    """
    deadline = time.monotonic() + 20
    while True:
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "-I" in child.cmdline():
                    return child
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_finished_training_leaves_nothing(start: Start, state: Path) -> None:
    assert start(seconds=0.1).wait(20) == 0
    assert list(state.parent.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, None])
def test_an_owner_here_is_ended_and_followed_at_once(start: Start, how: signal.Signals | None) -> None:
    """Dead, suspended or alive: nobody waits for a heartbeat."""
    orphan = start(silence=600)
    run_until(orphan, "owns 0001-first")
    training = training_of(orphan)
    if how is not None:
        os.kill(orphan.pid, how)
    newcomer = start(seconds=0.2, silence=600)
    printed = newcomer.communicate(timeout=20)[0]
    assert "owns 0002-" in printed and printed.endswith("finished\n") and "two at once" not in printed
    assert (f"ending process {orphan.pid}, an orphan" in printed) == (how != signal.SIGKILL)
    assert orphan.wait(5) == -signal.SIGKILL and is_gone(training)


def test_an_owner_elsewhere_hands_over(start: Start, state: Path) -> None:
    orphan = start("one", silence=600)
    run_until(orphan, "owns")
    training = training_of(orphan)
    newcomer = start("two", seconds=0.2, silence=600)
    printed = newcomer.communicate(timeout=20)[0]
    assert f"process {orphan.pid} on one trains here: asked to stop at its last checkpoint" in printed
    assert "owns 0002-" in printed and printed.endswith("finished\n") and "two at once" not in printed
    assert f"handed over, this training stops: process {newcomer.pid} on two" in orphan.communicate()[0]
    assert is_gone(training) and not state.exists()


def test_a_silent_owner_elsewhere_is_waited_for_then_taken_to_be_dead(start: Start) -> None:
    orphan = start("one")
    run_until(orphan, "owns")
    os.killpg(orphan.pid, signal.SIGKILL)
    orphan.wait()
    newcomer = start("two", seconds=0.2)
    waited_for = run_until(newcomer, "asked to stop")
    begun = time.monotonic()
    printed = waited_for + run_until(newcomer, "owns 0002-")
    assert time.monotonic() - begun > 0.8 * SILENCE
    assert f"process {orphan.pid} on one gave no sign of life for 1 s: taking over" in printed


@pytest.mark.parametrize("suspended", ["script and training", "script alone"])
def test_a_suspended_owner_that_wakes_stops_and_harms_nothing(
    start: Start, state: Path, suspended: str
) -> None:
    orphan = start("one")
    run_until(orphan, "owns")
    training = training_of(orphan)
    wait_for(lambda: list(state.glob("0001-first/checkpoint*")))
    if suspended == "script alone":
        os.kill(orphan.pid, signal.SIGSTOP)
    else:
        os.killpg(orphan.pid, signal.SIGSTOP)
    newcomer = start("two")
    run_until(newcomer, "owns 0002-")
    wait_for(lambda: list(state.glob("0002-*/checkpoint*")))
    before = {path.name for path in state.glob("0001-first/checkpoint*")}
    os.killpg(orphan.pid, signal.SIGCONT)
    printed = orphan.communicate(timeout=20)[0]
    assert f"stopped: {state}/0001-first: process {newcomer.pid} on two took this training over" in printed
    assert is_gone(training) and newcomer.poll() is None
    (successor,) = state.glob("0002-*")
    written = {path.read_text() for path in successor.glob("checkpoint*")} - {""}  # "": being written now
    assert written == {str(successor)}
    assert before <= {path.name for path in state.glob("0001-first/checkpoint*")}, "no checkpoint is lost"


def test_an_owner_that_wakes_after_all_is_done_leaves_nothing(start: Start, state: Path) -> None:
    orphan = start("one")
    run_until(orphan, "owns")
    training_of(orphan)
    os.killpg(orphan.pid, signal.SIGSTOP)
    assert start("two", seconds=0.2).communicate(timeout=20)[0].endswith("finished\n")
    os.kill(orphan.pid, signal.SIGCONT)  # its training sleeps on: fairseq-train would refuse to write
    assert "another process, which is done, took this training over" in orphan.communicate(timeout=20)[0]
    assert list(state.parent.iterdir()) == []


def test_sigterm_lets_the_next_one_in_at_once(start: Start) -> None:
    owner = start("one")
    run_until(owner, "owns")
    training = training_of(owner)
    owner.terminate()
    assert owner.wait(10) == 128 + signal.SIGTERM and is_gone(training)
    printed = start("two", seconds=0.1, silence=600).communicate(timeout=20)[0]
    assert printed.startswith("owns 0002-") and printed.endswith("finished\n")


def test_newcomers_from_many_machines_train_one_after_another(start: Start, state: Path) -> None:
    """They ask each other to stop, finish and remove the state, and begin anew, over and over."""
    racers = [start(host, seconds=0.05, rounds=25, beat=0.02, silence=60) for host in ("a", "b", "c", "d")]
    printed = "".join(racer.communicate(timeout=60)[0] for racer in racers)
    assert [racer.returncode for racer in racers] == [0] * 4
    assert printed.count("owns ") == 100 and "two at once" not in printed
    assert printed.count("finished") > 0 and printed.count("handed over") > 0
    assert "taking over" not in printed


def test_of_newcomers_on_one_machine_the_last_one_trains(start: Start, state: Path) -> None:
    for _ in range(5):
        racers = [start(seconds=0.5, silence=600) for _ in range(4)]
        ends = [(racer.communicate(timeout=60)[0], racer.returncode) for racer in racers]
        assert [code for _, code in ends].count(0) >= 1 and {code for _, code in ends} <= {0, -signal.SIGKILL}
        assert not any("two at once" in printed for printed, _ in ends)
        assert list(state.parent.iterdir()) == []


def test_one_generation_has_one_successor(state: Path) -> None:
    first = claim(state, None, [os.getpid()])
    assert first is not None and claim(state, None, [os.getpid()]) is None
    second = claim(state, first, [os.getpid()])
    assert second is not None and claim(state, first, [os.getpid()]) is None
    assert chain(state) == [first, second] and second.is_current() and not first.is_current()
    assert sorted(path.name for path in state.iterdir()) == ["0001-first", f"0002-{first.token}"]


def test_a_newcomer_that_slept_does_not_follow_an_owner_of_a_state_begun_anew(state: Path) -> None:
    gone = Generation(state / "0001-first", "0123")
    anew = claim(state, None, [os.getpid()])
    assert claim(state, gone, [os.getpid()]) is None
    assert anew is not None and chain(state) == [anew] and anew.is_current()
    assert [path.name for path in state.iterdir()] == ["0001-first"]


@pytest.mark.parametrize("text", ["", "[", "{}", "3", '[{"pid": 1}]', '["1"]'])
def test_a_damaged_record_is_watched_for_a_heartbeat(
    state: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    owner = claim(state, None, [os.getpid()])
    assert owner is not None
    owner.owner_file.write_text(text)
    begun = time.monotonic()
    with held(state, Patience(0.05, 0.3)) as ownership:
        assert ownership.folder.name == f"0002-{owner.token}"
    assert time.monotonic() - begun > 0.3
    assert f"({owner.owner_file} is damaged) gave no sign of life" in caplog.text


def test_a_folder_without_an_owner_holds_nobody_up(state: Path) -> None:
    (state / "0001-first").mkdir(parents=True)
    (state / "0001-first" / "checkpoint_last.pt").touch()
    with held(state, Patience(silence=600)) as ownership:
        assert ownership.folder.name == "0002-nobody"


def test_a_failed_training_keeps_its_state_and_lets_it_go(state: Path) -> None:
    with pytest.raises(TPruneError, match="failed"), held(state):
        raise TPruneError("failed")
    assert chain(state)[-1].is_free()
    with held(state, Patience(silence=600)) as ownership:
        ownership.finish()
    assert list(state.parent.iterdir()) == []


def test_the_state_stays_for_a_newcomer_that_asked_while_it_was_finished(state: Path) -> None:
    with held(state) as ownership:
        ownership.generation.request_file.write_text("process 1 on another")
        ownership.finish()
    assert chain(state) == [ownership.generation] and ownership.generation.is_free()


def test_who_lost_the_state_cannot_remove_it(state: Path) -> None:
    with pytest.raises(TPruneError, match="took this training over"), held(state) as ownership:
        successor = claim(state, ownership.generation, [os.getpid()])
        ownership.finish()
    assert successor is not None and successor.is_current()


def test_who_finds_all_done_by_another_did_not_fail(state: Path) -> None:
    with pytest.raises(FinishedElsewhereError), held(state) as ownership:
        successor = claim(state, ownership.generation, [os.getpid()])
        assert successor is not None
        Ownership(successor, Patience()).finish()
        ownership.finish()
    assert list(state.parent.iterdir()) == []


def test_an_owner_that_cannot_write_stops_before_it_is_taken_to_be_dead(state: Path) -> None:
    with held(state, Patience(0.1, 3.0)) as ownership:
        ownership.generation.heartbeat_file.unlink(missing_ok=True)
        with subprocess.Popen(["sleep", "60"], text=True) as training:
            ownership.guard(training)
            ownership.generation.heartbeat_file.mkdir()
            assert training.wait(2.9) == -signal.SIGKILL
        with pytest.raises(TPruneError, match="0001-first: cannot be written"):
            ownership.check()


@pytest.mark.parametrize("parent", ["/proc/tprune", "a file"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, parent: str) -> None:
    (tmp_path / "a file").touch()
    folder = tmp_path / parent / "baseline-0123"  # an absolute parent stands for itself
    with pytest.raises(TPruneError, match="training keeps its state there"), held(folder):
        pass


def test_what_a_killed_finisher_left_is_removed(state: Path) -> None:
    left = state.with_name(".baseline-9.0123.finished")
    left.mkdir(parents=True)
    with held(state):
        assert not left.exists()
