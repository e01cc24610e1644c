"""The jobs of a run and what each waits for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Job:
    """One job. `dependencies` are positions in the graph's list of jobs.

    `exclusive`: it takes a whole node, whatever its threads. `local`: on a cluster it runs where Snakemake
    does. `group`: jobs of one group that depend on each other are submitted as one; None stands alone.
    `finished`: its outputs are there and up to date.
    """

    rule: str
    wildcards: Mapping[str, str]
    threads: int
    dependencies: tuple[int, ...] = ()
    exclusive: bool = False
    local: bool = False
    group: str | None = None
    finished: bool = False

    def __str__(self) -> str:
        values = ", ".join(f"{name} {value}" for name, value in self.wildcards.items())
        return f"{self.rule} ({values})" if values else self.rule


@dataclass(frozen=True)
class RuleFiles:
    """A rule's benchmark and log below `results_dir`, its wildcards in braces."""

    benchmark: str
    log: str | None


@dataclass(frozen=True)
class JobGraph:
    """Jobs, each after all that it depends on, and the files that tell of a rule's past jobs."""

    jobs: tuple[Job, ...]
    files: Mapping[str, RuleFiles]

    def left(self) -> "JobGraph":
        """The graph of the jobs that are not finished."""
        return self.without({number for number, job in enumerate(self.jobs) if job.finished})

    def without(self, numbers: Collection[int]) -> "JobGraph":
        """The graph lacking the jobs at these positions, which count as done."""
        kept = [number for number in range(len(self.jobs)) if number not in numbers]
        position = {number: index for index, number in enumerate(kept)}
        jobs = tuple(
            replace(
                self.jobs[number],
                dependencies=tuple(
                    position[other] for other in self.jobs[number].dependencies if other in position
                ),
            )
            for number in kept
        )
        return replace(self, jobs=jobs)
