"""Too little disk is told before any work."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tprune.config import Settings, load_settings
from tprune.config.preflight import check_disk, needed_bytes
from tprune.errors import TPruneError

Usage = namedtuple("Usage", "total used free")


def set_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2 * free, free, free))


def test_too_little_disk_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_free(monkeypatch, 300_000_000)
    folder = tmp_path / "not" / "yet" / "there"
    with pytest.raises(TPruneError) as error:
        check_disk(folder, Settings())
    text = str(error.value)
    assert text.startswith(f"results_dir: {folder} lies on a disk with 0.3 GB free")
    assert "\n" not in text


def test_enough_disk_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_free(monkeypatch, 10_000_000_000)
    check_disk(tmp_path, Settings())


def test_what_is_done_needs_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_free(monkeypatch, 1000)
    with (tmp_path / "done").open("wb") as file:
        file.truncate(5_000_000_000)
    check_disk(tmp_path, Settings())


def test_larger_models_and_grids_need_more() -> None:
    small = needed_bytes(Settings(), cores=2)
    wide = load_settings({"model": {"d_model": 512, "ffn_dim": 2048}}, "test")
    swept = load_settings({"prune": {"thresholds": [0.1, 0.2, 0.35, 0.5]}}, "test")
    assert needed_bytes(wide, cores=2) > small
    assert needed_bytes(swept, cores=2) > small
    assert needed_bytes(Settings(), cores=64) > small
    taught = load_settings({"prune": {"sequence_distillation": True}}, "test")
    assert needed_bytes(taught, cores=2) > small


def test_weights_are_those_of_the_model() -> None:
    # Two sweeps that differ by one point differ by that point's artefacts: 13 bytes a weight.
    one = load_settings({"prune": {"thresholds": [0.5]}}, "test")
    two = load_settings({"prune": {"thresholds": [0.2, 0.5]}}, "test")
    d, ffn = 256, 1024
    weights = 4000 * d + 3 * (4 * d * d + 2 * d * ffn) + 3 * (8 * d * d + 2 * d * ffn)
    points = 2  # one for each strength of shs
    assert needed_bytes(two, 2) - needed_bytes(one, 2) == points * 13 * weights


def test_own_text_counts_packed_text_unpacked(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        for lang in ("de", "en"):
            (tmp_path / f"{split}.{lang}").write_bytes(b"x" * 1000)
    prefixes = {split: str(tmp_path / split) for split in ("train", "valid", "test")}
    settings = load_settings({"corpus": {"source": "files", "source_lang": "de", "files": prefixes}}, "test")
    plain = needed_bytes(settings, 2)
    (tmp_path / "train.de").rename(tmp_path / "train.de.gz")
    assert needed_bytes(settings, 2) - plain == 3 * 1000 * 4
