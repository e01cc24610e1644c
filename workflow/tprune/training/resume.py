"""Where a killed run goes on from.

Training state lives in a folder of its own, outside every declared output, since Snakemake deletes
the outputs of an interrupted job. The folder's name carries a digest of everything that shapes the
run, so a state is never resumed under another configuration.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tprune.atomic import atomic_path
from tprune.training.generation import Generation, chain

_DIGEST_CHARACTERS = 12


def state_folder(root: Path, name: str, shape: Iterable[bytes]) -> Path:
    """Folder for the run `name`; `shape` is everything that shapes it, in a fixed order."""
    digest = hashlib.sha256()
    for part in shape:
        digest.update(hashlib.sha256(part).digest())
    return root / f"{name}-{digest.hexdigest()[:_DIGEST_CHARACTERS]}"


def newest_checkpoint(folder: Path) -> Path | None:
    """The last checkpoint in `folder` that is whole, or None.

    fairseq renames the checkpoint it writes first but copies it to its other names, so a kill can
    leave one cut short: its zip directory, which stands at the end, is then missing.
    """
    return next((path for path in _newest_first(folder) if zipfile.is_zipfile(path)), None)


def carry_over(generation: Generation, *logs: str) -> Path | None:
    """Copy what a new generation goes on from into its folder: the newest whole checkpoint, or None.

    With it come the files `logs` of the generation that wrote it. Only then are the earlier generations'
    files removed. It is a copy, since an earlier owner that wakes would write into the very same file.
    """
    earlier = chain(generation.folder.parent)[:-1]
    found = next((path for each in reversed(earlier) if (path := _copied(each, generation, logs))), None)
    for each in earlier:
        for path in each.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path != each.owner_file:
                path.unlink(missing_ok=True)
    return found


def _copied(earlier: Generation, generation: Generation, logs: Iterable[str]) -> Path | None:
    for path in _newest_first(earlier.folder):
        copy = generation.folder / path.name
        try:
            for log in logs:
                if (earlier.folder / log).exists():
                    _copy_whole_lines(earlier.folder / log, generation.folder / log)
            with atomic_path(copy) as partial:
                shutil.copyfile(path, partial)
                if not _is_whole(partial):
                    continue
        except FileNotFoundError:
            continue
        return copy
    return None


def _newest_first(folder: Path) -> list[Path]:
    written: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint*.pt"):
        try:
            written.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:  # by an owner that still runs elsewhere
            continue
    return [path for _, path in sorted(written, reverse=True)]


def _is_whole(path: Path) -> bool:
    """Whether every part of the zip has its checksum: it may have been copied while it was written."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, EOFError):
        return False


def _copy_whole_lines(source: Path, target: Path) -> None:
    text = source.read_bytes()
    with atomic_path(target) as partial:
        partial.write_bytes(text[: text.rfind(b"\n") + 1])
