"""Graphs of jobs and measured jobs made by hand."""

from pathlib import Path

from tprune.plan.job_graph import Job, JobGraph, RuleFiles

PRUNE = "method~{method}/strength~{strength}/threshold~{threshold}/speedup~0/repeat~1"
FILES = {
    "baseline": RuleFiles("benchmarks/baseline/baseline.tsv", "logs/baseline/baseline.log"),
    "prune": RuleFiles(f"benchmarks/prune/{PRUNE}/prune.tsv", f"logs/prune/{PRUNE}/prune.log"),
    "score": RuleFiles(f"benchmarks/score/{PRUNE}.tsv", f"logs/score/{PRUNE}.log"),
    "latency_local": RuleFiles("benchmarks/latency/latency_local.tsv", "logs/latency/latency_local.log"),
}


def graph(*jobs: Job) -> JobGraph:
    return JobGraph(jobs, FILES)


def wildcards(method: str = "shs", strength: str = "0.1", threshold: str = "0.5") -> dict[str, str]:
    return {"method": method, "strength": strength, "threshold": threshold}


def write_measured(results: Path, rule: str, seconds: float, log: str = "", **values: str) -> Path:
    """A job's benchmark, and its log where there is one, as a run leaves them."""
    benchmark = results / FILES[rule].benchmark.format(**values)
    benchmark.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:00\t100.0\n")
    written = results / (FILES[rule].log or "").format(**values)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(log)
    return benchmark
