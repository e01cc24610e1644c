"""One training per state folder.

When Snakemake or a job is killed, the script that trains and its fairseq-train can live on as orphans,
here or on another machine that shares the files. A second training must not write beside them. A newcomer
therefore takes over what it finds, and says so:

- an owner of this machine that is dead: at once; one that lives: ends it;
- an owner of another machine: asks it to hand over, upon which it stops; or, when its heartbeat has not
  changed for `Patience.silence` seconds by the newcomer's own clock, takes it to be dead.

A process that was only suspended finds, when it wakes, that it has a successor, and ends its fairseq-train.
Until it does, it can write in a folder of its own only (generation.py).
"""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from tprune.errors import FinishedElsewhereError, TPruneError
from tprune.training.generation import Generation, chain, claim, put
from tprune.training.process import end_processes, host, is_elsewhere, running

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Seconds between heartbeats, and without one until an owner elsewhere is taken to be dead."""

    beat: float = 5.0
    silence: float = 60.0


class Ownership:
    """This process owns a training state, until it releases it or another takes it over."""

    def __init__(self, generation: Generation, patience: Patience) -> None:
        self.generation = generation
        self._patience = patience
        self._training: psutil.Process | None = None
        self._lost: TPruneError | None = None
        self._last_beat = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)
        self._thread.start()

    @property
    def folder(self) -> Path:
        """Where this process, and no other, writes."""
        return self.generation.folder

    def guard(self, training: "subprocess.Popen[str]") -> None:
        """Put the process that trains on record; it is ended when the state is lost."""
        self._training = psutil.Process(training.pid)
        try:
            self.generation.record([os.getpid(), training.pid])
        except OSError:
            self._check_files()
        if self._lost is not None:
            end_processes([self._training])
        self.check()

    def check(self) -> None:
        """Raise TPruneError when another process trains here now, FinishedElsewhereError when it is done."""
        if self._lost is not None:
            raise self._lost

    def finish(self) -> None:
        """Remove the state: its training is done. It stays where a newcomer waits to go on from it."""
        self._end_heartbeat()
        self._check_files()
        self.check()
        if self.generation.request_file.exists():
            logger.warning("%s: left to the process that asked for it", self.folder)
            self.release()
            return
        state, begun = self.folder.parent, time.monotonic()
        closing = claim(state, self.generation, [os.getpid()])
        if closing is None or time.monotonic() - begun > self._patience.silence / 2:
            raise self._taken_over()
        finished = state.with_name(f".{state.name}.{closing.token}.finished")
        state.rename(finished)
        shutil.rmtree(finished, ignore_errors=True)

    def release(self) -> None:
        """Let the next one have the state, which stays."""
        self._end_heartbeat()
        try:
            if self.generation.is_current():
                put(self.generation.released_file, "")
                return
            # A fairseq-train that woke after the state was removed makes its folder anew.
            self.folder.rmdir()
            self.folder.parent.rmdir()
        except OSError as error:
            logger.debug("%s: %s", self.folder, error)

    def _end_heartbeat(self) -> None:
        self._stop.set()
        self._thread.join()

    def _live(self) -> None:
        beats = 0
        while self._lost is None and not self._stop.wait(self._patience.beat):
            beats += 1
            try:
                self._check_files()
                if self._lost is None:
                    put(self.generation.heartbeat_file, str(beats))
                    self._last_beat = time.monotonic()
            except OSError as error:
                self._bear(error)
        if self._lost is not None and self._training is not None:
            logger.error("%s", self._lost)
            end_processes([self._training])

    def _bear(self, error: OSError) -> None:
        """Go on without a heartbeat, but not until a newcomer could take this process to be dead."""
        silent = time.monotonic() - self._last_beat
        logger.warning("%s: no heartbeat for %.0f s: %s", self.folder, silent, error.strerror)
        if silent > self._patience.silence / 2:
            self._lost = TPruneError(
                f"{self.folder}: cannot be written ({error.strerror}); this training stops"
            )

    def _check_files(self) -> None:
        if not self.generation.is_current():
            self._lost = self._lost or self._taken_over()
        elif self._training is not None and self._training.is_running() and self._asked():
            self._lost = TPruneError(
                f"{self.folder}: handed over, this training stops: {self._asked()} asked for it"
            )

    def _asked(self) -> str:
        """Who asks for the state, if anyone does."""
        try:
            return self.generation.request_file.read_text(encoding="utf-8")
        except OSError:
            return ""

    def _taken_over(self) -> TPruneError:
        generations = chain(self.folder.parent)
        successor = _who(generations[-1]) if generations else "another process, which is done,"
        kind = TPruneError if generations else FinishedElsewhereError
        return kind(
            f"{self.folder}: {successor} took this training over, as this process gave no sign of life; "
            "nothing that it wrote is lost"
        )


@contextmanager
def held(state: Path, patience: Patience | None = None) -> Iterator[Ownership]:
    """Own `state` for the block; whoever held it is ended, asked to stop, or found dead.

    The state stays when the block ends, unless it calls `finish`. SIGTERM ends the block as an error does.
    Raises TPruneError where the folder cannot be written or its owner cannot be ended.
    """
    patience = patience or Patience()
    try:
        for left in state.parent.glob(".*.finished"):  # by a process killed while it removed them
            shutil.rmtree(left, ignore_errors=True)
        generation = _acquire(state, patience)
    except OSError as error:
        raise TPruneError(
            f"{error.filename or state}: {error.strerror}; training keeps its state there"
        ) from error
    ownership = Ownership(generation, patience)
    try:
        with _sigterm_raises():
            yield ownership
    finally:
        ownership.release()


def _acquire(state: Path, patience: Patience) -> Generation:
    """Become the owner of `state`, however long it takes an owner elsewhere to stop."""
    state.mkdir(parents=True, exist_ok=True)
    pulse, changed, asked = ("", ""), 0.0, ""
    while True:
        generations = chain(state)
        last = generations[-1] if generations else None
        free = last is None or last.is_free() or _is_ended_here(last)
        if last is not None and not free:
            if last.pulse() != pulse:
                pulse, changed = last.pulse(), time.monotonic()
            silent = time.monotonic() - changed
            if silent > patience.silence:
                logger.warning("%s gave no sign of life for %.0f s: taking over", _who(last), silent)
                free = True
            elif asked != last.token:
                _ask(last, patience)
                asked = last.token
        made = claim(state, last, [os.getpid()]) if free else None
        if made is not None:
            return made
        time.sleep(patience.beat / 5)


def _is_ended_here(last: Generation) -> bool:
    """Whether the owners are this machine's and gone, if need be by being ended."""
    owners = last.owners()
    if not owners or any(is_elsewhere(owner) for owner in owners):
        return False
    alive = [process for owner in owners if (process := running(owner)) and process.pid != os.getpid()]
    for process in alive:
        logger.warning("ending process %d, an orphan of an earlier run that still trains here", process.pid)
    end_processes(alive)
    return True


def _ask(last: Generation, patience: Patience) -> None:
    logger.warning(
        "%s trains here: asked to stop at its last checkpoint; waiting for that, or until it gave no sign "
        "of life for %g s",
        _who(last),
        patience.silence,
    )
    try:
        put(last.request_file, f"process {os.getpid()} on {host()}")
    except FileNotFoundError:  # done in the meantime
        return


def _who(generation: Generation) -> str:
    owners = generation.owners()
    if not owners:
        return f"an unknown process ({generation.owner_file} is damaged)"
    return f"process {owners[0]['pid']} on {owners[0]['host']}"


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM raise SystemExit in the main thread, as a scheduler sends it before it kills.

    What this process started is ended first: it could be just about to wait for it.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) not in (
        signal.SIG_DFL,
        None,
    ):
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        end_processes(psutil.Process().children())
        sys.exit(128 + number)

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
