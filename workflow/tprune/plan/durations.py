"""What a job will take, from the measured job that is most like it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tprune.config.settings import Settings
from tprune.plan.job_graph import Job
from tprune.plan.measurements import Measurement
from tprune.plan.work import TRAINING_RULES, training_threads, work_of

# What makes jobs of a rule alike, what matters most first.
LIKENESS = ("method", "name", "device", "dtype", "strength", "threshold", "speedup", "repeat")


class Estimate(NamedTuple):
    """Seconds of a job: as the fastest of the measured jobs like it, the mean of those most like it, as the
    slowest."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True)
class _Parts:
    """A measured job taken apart: seconds of starting up, and seconds a unit of work, on one core."""

    start_up: float
    per_work: float


class Durations:
    """Times measured under the configuration `measured`, carried over to the one that is `planned`.

    A training job takes its start-up, then as long per update and token of a batch as its like, divided by
    its threads. Another whose rule's work is known grows with it, start-up apart: that is as long as the
    shortest measured job. The rest take the time measured.
    """

    def __init__(self, measurements: Sequence[Measurement], measured: Settings, planned: Settings):
        self.measured, self.planned = measured, planned
        self.shortest = min(each.seconds for each in measurements)
        self._like: defaultdict[tuple[str, tuple[str | None, ...]], list[Measurement]] = defaultdict(list)
        for each in measurements:
            traits = _traits(each.wildcards)
            for length in range(len(traits) + 1):
                self._like[each.rule, traits[:length]].append(each)
        self._training = [each for each in measurements if each.rule in TRAINING_RULES]
        self._others = [each for each in measurements if each.rule not in TRAINING_RULES]
        self._estimate = cache(self._estimate_like)

    def estimate(self, job: Job) -> Estimate:
        """Seconds of `job` from the measured jobs of its rule that share most with it."""
        return self._estimate(job.rule, _traits(job.wildcards), job.threads)

    def samples(self, rule: str) -> int:
        """How many jobs of `rule` were measured."""
        return len(self._like.get((rule, ()), ()))

    def assumptions(self, rules: Iterable[str]) -> list[str]:
        """What was taken for granted about these rules, a sentence each."""
        rules = sorted(set(rules))
        found = []
        missing = [rule for rule in rules if not self.samples(rule)]
        training = [rule for rule in missing if rule in TRAINING_RULES]
        others = [rule for rule in missing if rule not in TRAINING_RULES]
        if training:
            like = "as the other training jobs, per update" if self._training else "no time at all"
            found.append(f"not measured: {', '.join(training)}; taken: {like}")
        if others:
            found.append(f"not measured: {', '.join(others)}; taken: the mean of the jobs that do not train")
        without = sorted({each.rule for each in self._training if each.pace is None} & set(rules))
        if without:
            found.append(
                f"no pace of updates in the logs of {', '.join(without)}: all but {self.shortest:.1f} s of "
                "a job is taken to grow with its updates"
            )
        for rule in rules:
            now, then = work_of(rule, self.planned), work_of(rule, self.measured)
            if self.samples(rule) and now and then and now.amount != then.amount:
                start_up = "" if rule in TRAINING_RULES else f" for all but {self.shortest:.1f} s of it"
                found.append(
                    f"{rule}: {now.amount / then.amount:.3g} times the work that was measured ({now.unit})"
                    + start_up
                )
        return [*found, *self._other_sizes()]

    def _other_sizes(self) -> list[str]:
        """Where the two configurations differ in what no time is scaled for."""
        pairs = [
            ("model", self.measured.model, self.planned.model),
            ("corpus", self.measured.corpus, self.planned.corpus),
            ("training.precision", self.measured.training.precision, self.planned.training.precision),
            ("baseline.checkpoint", self.measured.baseline.checkpoint, self.planned.baseline.checkpoint),
        ]
        different = [name for name, then, now in pairs if then != now]
        if not different:
            return []
        return [
            f"the measured run had another {', '.join(different)}: nothing is scaled for that; measure one "
            "with the same for times that can be relied on"
        ]

    def _estimate_like(self, rule: str, traits: tuple[str | None, ...], threads: int) -> Estimate:
        seconds = self._carried_over(self._most_like(rule, traits, 1), rule, threads)
        if not seconds:
            return Estimate(0.0, 0.0, 0.0)
        several = list(seconds)
        if wider := self._most_like(rule, traits, 2):
            several += self._carried_over(wider, rule, threads)
        return Estimate(min(several), sum(seconds) / len(seconds), max(several))

    def _carried_over(self, like: Sequence[Measurement], rule: str, threads: int) -> list[float]:
        """What a job of `rule` would take by each of the measured jobs `like`; by all if there is none."""
        if rule in TRAINING_RULES:
            return [self._training_seconds(each, rule, threads) for each in like or self._training]
        if like:
            return [self._seconds(each, rule) for each in like]
        return [sum(each.seconds for each in self._others) / len(self._others)] if self._others else []

    def _most_like(self, rule: str, traits: tuple[str | None, ...], least: int) -> list[Measurement]:
        """The measured jobs of `rule` that share most of `traits`, at least so many, or none."""
        for length in range(len(traits), -1, -1):
            if len(found := self._like.get((rule, traits[:length]), [])) >= least:
                return found
        return []

    def _training_seconds(self, like: Measurement, rule: str, threads: int) -> float:
        parts, work = self._parts(like), work_of(rule, self.planned)
        assert work is not None
        return parts.start_up + parts.per_work * work.amount / threads

    def _parts(self, like: Measurement) -> _Parts:
        """`like`, a training job, taken apart."""
        threads = training_threads(like.rule, self.measured)
        if like.pace is not None:
            start_up = max(0.0, like.seconds - like.pace.seconds_per_update * like.pace.updates)
            per_update = like.pace.seconds_per_update
            return _Parts(start_up, threads * per_update / self.measured.training.max_tokens)
        work = work_of(like.rule, self.measured)
        assert work is not None
        return _Parts(self.shortest, threads * (like.seconds - self.shortest) / work.amount)

    def _seconds(self, like: Measurement, rule: str) -> float:
        now, then = work_of(rule, self.planned), work_of(rule, self.measured)
        if now is None or then is None:
            return like.seconds
        return self.shortest + (like.seconds - self.shortest) * now.amount / then.amount


def _traits(wildcards: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(wildcards.get(name) for name in LIKENESS)
