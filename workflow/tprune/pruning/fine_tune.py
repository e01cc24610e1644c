"""Fine-tuning with the masks held.

A masked line has no output and gets no gradient, so training the masked model is training the small
dense model of the kept lines: the same numbers, at the small model's price. That is what is done here;
the result is put back to full width with zeros at the masked lines.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tprune.compaction.compact import compact
from tprune.compaction.expand import expand
from tprune.lines.selection import Selection
from tprune.model.transformer import Transformer
from tprune.pruning.drop_layers import drop_layers
from tprune.training.command import Trainer
from tprune.training.train import Run, trained


@contextmanager
def fine_tuned(run: Run, selection: Selection, trainer: Trainer, state_root: Path) -> Iterator[Transformer]:
    """Mask `run.start` as `selection` says, train it, and yield it at full width, zeros where masked.

    Layers that the selection drops are gone. Resumes and cleans up as `trained` does.
    """
    assert isinstance(run.start, Transformer)
    wide = drop_layers(run.start, selection.dropped_layers)
    small = dataclasses.replace(run, start=compact(wide, selection))
    with trained(small, trainer, state_root) as (model, _):
        yield expand(model, selection, wide.architecture)
