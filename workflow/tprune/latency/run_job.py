"""Measuring a job on the machine this runs on: in process, or on a device out of measure.pyz.

    python3 measure.pyz job.json OUTPUT_FOLDER

writes OUTPUT_FOLDER/samples.csv and signature.json and prints progress; an error is one line and exit
status 1. Only the engine is needed beside the standard library.
"""

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.latency.contention import QUIET_SHARE, Contention, contention, read_clock
from tprune.latency.frequency import FrequencyLog
from tprune.latency.job import Artefact, Job
from tprune.latency.pinning import pin, read
from tprune.latency.protocol import Engine, Sample, measure, write_samples
from tprune.latency.signature import device_signature, load_average

logger = logging.getLogger(__name__)

MEMORY_PER_BYTE = 2.0  # what a loaded model may take, working memory included, per byte of its file
_MEMINFO = Path("/proc/meminfo")


def run_job(job: Job) -> tuple[list[Sample], dict[str, Any]]:
    """Pin this process, load all models and time them; return all samples and the signature.

    The process stays pinned. Where memory does not hold all models at once, those of one dtype are loaded
    at a time.
    """
    cores = pin(job.threads)
    logger.info("pinned to core(s) %s", cores)
    load_before, clock = load_average(), read_clock()
    started, start = time.gmtime(), time.monotonic()
    samples: list[Sample] = []
    frequencies = FrequencyLog(cores)
    for group in groups_that_fit(job.artefacts, available_memory()):
        engines = {artefact.candidate: load_engine(job.engine, artefact, job.threads) for artefact in group}
        samples += measure(
            engines,
            job.sentences,
            job.warm_up,
            job.beams,
            job.seed,
            block=job.block,
            cool_down=job.cool_down,
            rest=frequencies.rest,
        )
        frequencies.read()
    seconds = time.monotonic() - start
    during = contention(clock, read_clock())
    warn_unless_quiet(during)
    signature = {
        **device_signature(cores, {"name": job.engine, "version": engine_version(job.engine)}),
        "threads": job.threads,
        "beams": list(job.beams),
        "dtypes": list(job.dtypes),
        "sentences": len(job.sentences),
        "warm_up": len(job.warm_up),
        "seed": job.seed,
        "cool_down": job.cool_down,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", started),
        "seconds": round(seconds, 1),
        "load_average_before": load_before,
        "load_average_after": load_average(),
        "cpu_share_own": None if during is None else round(during.own, 4),
        "cpu_share_of_others": None if during is None else round(during.others, 4),
        "cpu_share_stolen": None if during is None else round(during.stolen, 4),
        "quiet": None if during is None else during.quiet,
        "block_mhz": frequencies.running,
        "block_limit_mhz": frequencies.limit,
        "throttled": None,
    }
    return samples, signature


def load_engine(name: str, artefact: Artefact, threads: int) -> Engine:
    """Load one model; TPruneError when the engine is unknown or not installed."""
    try:
        if name == "ctranslate2":
            from tprune.latency.ctranslate2_engine import CTranslate2Engine

            return CTranslate2Engine(artefact.directory, artefact.candidate.dtype, threads)
        if name == "onnxruntime":
            from tprune.latency.onnxruntime_engine import OnnxRuntimeEngine

            return OnnxRuntimeEngine(artefact.directory, artefact.candidate.dtype, threads)
    except ImportError as error:
        raise TPruneError(
            f"engine {name}: cannot be loaded here ({error}); install it for {sys.executable}"
        ) from error
    raise TPruneError(f"engine {name}: unknown on this machine; choose ctranslate2 or onnxruntime")


def engine_version(name: str) -> str:
    """The version of an engine that is loaded."""
    return str(sys.modules[name].__version__)


def available_memory(meminfo: Path = _MEMINFO) -> int | None:
    """Bytes that can be had without swapping; None where the system does not tell."""
    for line in (read(meminfo) or "").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def groups_that_fit(artefacts: Sequence[Artefact], available: int | None) -> list[list[Artefact]]:
    """All artefacts in one group if `available` bytes hold them (None: not known), else one per dtype."""
    needed = MEMORY_PER_BYTE * sum(_size(artefact.directory) for artefact in artefacts)
    if available is None or needed <= available:
        return [list(artefacts)]
    logger.warning("%.1f GB of models, %.1f GB free: one dtype at a time", needed / 1e9, available / 1e9)
    groups: dict[str, list[Artefact]] = {}
    for artefact in artefacts:
        groups.setdefault(artefact.candidate.dtype, []).append(artefact)
    return list(groups.values())


def warn_unless_quiet(during: Contention | None) -> None:
    """Log a warning where others took more than `QUIET_SHARE` of the machine."""
    if during is not None and not during.quiet:
        logger.warning(
            "other processes took %.0f %% of the machine (and its host %.0f %%), more than %.0f %%: "
            "measure again on a quieter machine",
            100 * during.others,
            100 * during.stolen,
            100 * QUIET_SHARE,
        )


def main() -> None:
    """The command line of measure.pyz."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if len(sys.argv) != 3:
        sys.exit("usage: python3 measure.pyz job.json OUTPUT_FOLDER")
    job_file, folder = map(Path, sys.argv[1:])
    try:
        samples, signature = run_job(Job.read(job_file))
    except TPruneError as error:
        sys.exit(f"error: {error}")
    write_samples(folder / "samples.csv", samples)
    write_json(folder / "signature.json", signature)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
