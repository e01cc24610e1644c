"""The task writes checkpoints while its owner trains, and no longer."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary, LanguagePairDataset, ListDataset

from tests.unit.small_sizes import dense_sizes
from tprune.fairseq_plugin.task import TPruneTranslation, TPruneTranslationConfig
from tprune.model.transformer import Transformer
from tprune.training.command import Schedule, StateFiles, Trainer, train_command
from tprune.training.generation import Generation, claim
from tprune.training.learning_curve import read_learning_curve


def task_of(owner: Generation) -> TPruneTranslation:
    """The task as fairseq-train makes it for this owner."""
    trainer = Trainer(1, "float32", 512, 0.1, 1.0, 50, 5)
    argv = train_command(Path("data"), Schedule(10, 0.002, 1), trainer, 1, StateFiles(owner.folder), None)
    config = TPruneTranslationConfig(owner_file=argv[argv.index("--owner-file") + 1])
    return TPruneTranslation(config, Dictionary(), Dictionary())


def test_every_epochs_valid_loss_is_written_once(
    owner: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, losses = tmp_path / "valid_loss.csv", iter([4.0, 3.0])
    monkeypatch.setattr("tprune.fairseq_plugin.task.valid_loss", lambda *_: next(losses))
    # An epoch of seven updates; killed after the first row, before the checkpoint that it goes with.
    for updates in ([5, 7], [7, 10, 14, 15]):
        task = task_of(owner)
        task.model = Transformer(dense_sizes(16, 2, 32, 40, 1, 1))
        task.cfg.data, task.cfg.valid_loss_file = "data", str(path)
        for task.updates in updates:
            task.batches = SimpleNamespace(end_of_epoch=lambda done=task.updates: done % 7 == 0)
            assert task.get_checkpoint_dict() == {}
    assert read_learning_curve(path).to_numpy().tolist() == [[7, 4.0], [14, 3.0]]


def test_epochs_are_counted_one_by_one(owner: Generation) -> None:
    task, sizes = task_of(owner), [3, 4, 5, 6]
    texts = ListDataset([torch.arange(4, 4 + size) for size in sizes], sizes)
    pairs = LanguagePairDataset(texts, sizes, Dictionary(), texts, sizes, Dictionary())

    def epochs_from(first: int) -> list[int]:
        iterator = task.get_batch_iterator(dataset=pairs, max_tokens=8, epoch=first)
        seen = []
        for _ in range(3):
            assert len(list(iterator.next_epoch_itr())) == len(iterator) > 1
            seen.append(iterator.epoch)
            assert task.get_batch_iterator(dataset=pairs, max_tokens=8, epoch=seen[-1] + 1) is iterator
        return seen

    assert epochs_from(1) == [1, 2, 3]
    task.dataset_to_epoch_iter.clear()  # as in a new process
    assert epochs_from(4) == [4, 5, 6]


@pytest.fixture
def owner(tmp_path: Path) -> Generation:
    claimed = claim(tmp_path / "state", None, [os.getpid()])
    assert claimed is not None
    return claimed


def test_an_owner_writes_checkpoints_until_it_is_followed(owner: Generation) -> None:
    task = task_of(owner)
    assert task.get_checkpoint_dict() == {}
    assert claim(owner.folder.parent, owner, [os.getpid()]) is not None
    with pytest.raises(SystemExit, match=r"0001-first/owner-\w+\.json: another process took"):
        task.get_checkpoint_dict()


def test_whoever_wakes_in_a_state_begun_anew_writes_nothing_there(owner: Generation) -> None:
    """The folder has the same name, and an owner, but another one."""
    asleep = task_of(owner)
    shutil.rmtree(owner.folder.parent)
    anew = claim(owner.folder.parent, None, [os.getpid()])
    assert anew is not None and anew.folder == owner.folder
    assert task_of(anew).get_checkpoint_dict() == {}
    with pytest.raises(SystemExit, match="no checkpoint is written"):
        asleep.get_checkpoint_dict()
