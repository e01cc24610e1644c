"""The command `tprune serve RESULTS`: the page for whoever opens it, until it is interrupted.

Each visitor's samples land in a folder of their own, RESULTS/page/measured/TIME, beside their summary;
what the workflow made is left alone.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tprune.atomic import whole_directory, write_json
from tprune.errors import TPruneError
from tprune.latency.access import Serving
from tprune.latency.assignment import Settings, make_job
from tprune.latency.browser.addresses import invitation
from tprune.latency.browser.content import CONTROL, Content
from tprune.latency.browser.kind import wait_for_result
from tprune.latency.browser.server import PageServer, Result, serving_page
from tprune.latency.job import Artefact, Job
from tprune.latency.protocol import Candidate, write_samples
from tprune.latency.summary import read_samples, summarise
from tprune.tables.points import Point, method_rank
from tprune.tables.writing import write_csv

logger = logging.getLogger(__name__)

BOOTSTRAP_SAMPLES = 1000
FOREVER = float("inf")


def main(arguments: Sequence[str] | None = None) -> None:
    """The program `tprune`."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        serve(options)
    except TPruneError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tprune", description="Small, fast translation models for devices.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "serve",
        help="serve the page that measures in a browser",
        description="Serve the page on which a phone or laptop translates with the models and measures them.",
    )
    command.add_argument("results", type=Path, help="the results folder of a finished run")
    command.add_argument("--host", default=Serving.host, help="address to listen on (%(default)s)")
    command.add_argument(
        "--port", type=_whole(0, 65535), default=Serving.port, help="port, 0 for any (%(default)s)"
    )
    command.add_argument("--certificate", default="", help="certificate (PEM), to serve by https")
    command.add_argument("--key", default="", help="its key (PEM)")
    command.add_argument("--threads", type=_whole(1), default=1, help="threads of the engine (%(default)s)")
    command.add_argument(
        "--sentences", type=_whole(1), default=100, help="sentences that are timed (%(default)s)"
    )
    command.add_argument("--warm-up", type=_whole(0), default=30, help="sentences before them (%(default)s)")
    command.add_argument(
        "--seed", type=_whole(0), default=1, help="of sentences and their order (%(default)s)"
    )
    command.add_argument("--once", action="store_true", help="end after the first result")
    return parser


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option that is a whole number between the two."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= (most or int(text)):
            allowed = f"from {least} to {most}" if most else f"at least {least}"
            raise argparse.ArgumentTypeError(f"found {text!r}, must be a whole number {allowed}")
        return int(text)

    return read


def serve(options: argparse.Namespace) -> None:
    """Serve until interrupted, or with `options.once` until the first result."""
    results: Path = options.results
    job = job_of(results, options)
    content = Content(job, results / "corpus/subword.model", results / "page/onnxruntime-web")
    serving = Serving(options.host, options.port, certificate=options.certificate, key=options.key)
    with serving_page(content, serving) as server:
        while True:
            print(invitation(server, job.threads), file=sys.stderr, flush=True)
            _keep(_wait(server), results / "page/measured")
            if options.once:
                return
            server.renew()


def job_of(results: Path, options: argparse.Namespace) -> Job:
    """The job of measuring every model below `results` that is there as ONNX; TPruneError if none is."""
    artefacts = []
    for directory in sorted(results.glob("compact/method~*/**/onnx/*")):
        if not (directory / "decoder.onnx").is_file():
            continue
        point = Point.from_pattern(directory.parent.parent.relative_to(results / "compact").as_posix())
        who = Candidate(point.model, point.method, point.strength, point.threshold, directory.name)
        artefacts.append(Artefact(who, directory))
    if CONTROL not in [artefact.candidate.model for artefact in artefacts]:
        raise TPruneError(
            f"{results}: holds no ONNX models of a finished run; make them with `snakemake --cores all page` "
            "(and the --configfile of that run, if it has one)"
        )
    artefacts.sort(key=lambda one: (method_rank(one.candidate.method), one.candidate.model))
    settings = Settings((1,), options.threads, options.sentences, options.warm_up, options.seed)
    source, reference = (results / f"corpus/encoded/test.{side}" for side in ("src", "tgt"))
    return make_job("onnxruntime-web", artefacts, source, reference, settings)


def _wait(server: PageServer) -> Result:
    while True:
        try:
            return wait_for_result(server, FOREVER)
        except TPruneError as error:  # a page that was closed; another may come by the same link
            logger.warning("%s", error)


def _keep(result: Result, folder: Path) -> None:
    samples, signature = result
    directory = folder / time.strftime("%Y-%m-%d_%H-%M-%S")
    with whole_directory(directory) as partial:
        write_samples(partial / "samples.csv", samples)
        write_json(partial / "signature.json", signature)
        summary = summarise(read_samples(partial / "samples.csv"), BOOTSTRAP_SAMPLES, signature["seed"])
        write_csv(summary, partial / "summary.csv")
    logger.info("kept in %s", directory)
    for row in summary[summary["length"] == "forced"].to_dict("records"):
        logger.info(
            "  %-30s %-8s %7.1f ms  %.2fx (%.2f-%.2f)",
            *(row[key] for key in ("model", "dtype", "latency_ms", "speedup", "speedup_low", "speedup_high")),
        )


if __name__ == "__main__":
    main()
