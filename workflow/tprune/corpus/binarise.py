"""Pieces to the binary files that fairseq trains on."""

import logging
import os
import subprocess
import sys
from pathlib import Path

from tprune.atomic import whole_directory
from tprune.errors import TPruneError

log = logging.getLogger(__name__)

LAST_LINES = 15  # of fairseq's output, in an error


def binarise(
    encoded: str | Path,
    output: str | Path,
    joined_dictionary: bool,
    workers: int,
    source_dictionary: str | Path | None = None,
    target_dictionary: str | Path | None = None,
    train: str | Path | None = None,
) -> None:
    """Run fairseq-preprocess on the directory `encoded`; `output` appears when it is whole.

    `train` is the prefix of the training pairs where they are not the directory's own.

    Dictionaries come from the training pieces, one for both sides if `joined_dictionary`, unless they are
    given; then they are copied with their order, and pieces not in them become <unk>.

    Raises:
        TPruneError: a dictionary is missing or malformed, or fairseq-preprocess failed.
    """
    encoded, output = Path(encoded), Path(output)
    command = [sys.executable, "-m", "fairseq_cli.preprocess", "--source-lang", "src", "--target-lang", "tgt"]
    prefixes = {"train": train or encoded / "train", "valid": encoded / "valid", "test": encoded / "test"}
    for split, prefix in prefixes.items():
        command += [f"--{split}pref", str(prefix)]
    command += _dictionary_arguments(joined_dictionary, source_dictionary, target_dictionary)
    with whole_directory(output) as partial:
        _run([*command, "--destdir", str(partial), "--workers", str(workers)], workers)
        # fairseq's own log holds the temporary path and the time: two equal runs would differ.
        (partial / "preprocess.log").unlink(missing_ok=True)


def _dictionary_arguments(
    joined: bool, source_dictionary: str | Path | None, target_dictionary: str | Path | None
) -> list[str]:
    if source_dictionary is None and target_dictionary is None:
        return ["--joined-dictionary"] if joined else []
    given = (("source", source_dictionary), ("target", target_dictionary))
    for side, path in given:
        if path is None:
            raise TPruneError(
                f"baseline.{side}_dictionary: not set, though the other is; for a shared one name it twice"
            )
        _check_dictionary(Path(path), f"baseline.{side}_dictionary")
    return ["--srcdict", str(source_dictionary), "--tgtdict", str(target_dictionary)]


def _check_dictionary(path: Path, key: str) -> None:
    """Check that `path`, the value of `key`, is a fairseq dictionary: a piece and a count on every line."""
    if not path.is_file():
        raise TPruneError(f"{key}: there is no file {path}")
    if not (lines := path.read_bytes().removesuffix(b"\n").split(b"\n"))[0]:
        raise TPruneError(f"{key}: {path} is empty")
    for number, line in enumerate(lines, start=1):
        piece, _, count = line.rstrip().removesuffix(b"#fairseq:overwrite").rstrip().rpartition(b" ")
        if not piece or not count.isdigit():
            raise TPruneError(
                f"{key}: {path} line {number} is not a piece and a count, as fairseq writes them"
            )


def _run(command: list[str], workers: int) -> None:
    """Run `command`, passing what it says on to the log."""
    log.info("%s", " ".join(command))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = [*said[-LAST_LINES:], line.rstrip()]
            if "Namespace(" not in line:  # every option fairseq has, most of them unused
                log.info("%s", line.rstrip())
    if process.returncode:
        raise TPruneError(
            f"fairseq-preprocess ended with status {process.returncode} (out of disk or memory?). It said:\n"
            + "\n".join(said)
        )
