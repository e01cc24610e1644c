"""Where a killed run goes on from.

Training state lives in a folder of its own, outside every declared output, since Snakemake deletes
the outputs of an interrupted job. The folder's name carries a digest of everything that shapes the
run, so a state is never resumed under another configuration.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

_DIGEST_CHARACTERS = 12


def state_folder(root: Path, name: str, shape: Iterable[bytes]) -> Path:
    """Folder for the run `name`; `shape` is everything that shapes it, in a fixed order."""
    digest = hashlib.sha256()
    for part in shape:
        digest.update(hashlib.sha256(part).digest())
    return root / f"{name}-{digest.hexdigest()[:_DIGEST_CHARACTERS]}"


def newest_checkpoint(state: Path) -> Path | None:
    """The last checkpoint in `state` that is whole, or None.

    fairseq renames the checkpoint it writes first but copies it to its other names, so a kill can
    leave one cut short: its zip directory, which stands at the end, is then missing.
    """
    found = sorted(state.glob("checkpoint*.pt"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return next((path for path in found if zipfile.is_zipfile(path)), None)
