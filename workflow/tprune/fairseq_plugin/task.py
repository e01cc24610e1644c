"""`--task tprune_translation`: translation with a penalty on the lines of the model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import torch
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import register_task
from fairseq.tasks.translation import TranslationConfig, TranslationTask
from torch import Tensor, nn

from tprune.evaluation.valid_loss import valid_loss
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.transformer import Transformer
from tprune.training.generation import Generation
from tprune.training.gradient_share import GradientShareLog
from tprune.training.learning_curve import LearningCurve
from tprune.training.penalty_file import Penalty, PenaltySpec


@dataclass
class TPruneTranslationConfig(TranslationConfig):
    """fairseq's options, and ours (fairseq reads Optional[str] here, not str | None)."""

    penalty_file: Optional[str] = field(default=None, metadata={"help": "penalty.json"})  # noqa: UP045
    gradient_share_file: Optional[str] = field(default=None, metadata={"help": "CSV to append to"})  # noqa: UP045
    gradient_share_interval: int = field(default=25, metadata={"help": "updates between its rows"})
    valid_loss_file: Optional[str] = field(default=None, metadata={"help": "CSV to append to"})  # noqa: UP045
    owner_file: Optional[str] = field(default=None, metadata={"help": "write only while this owner trains"})  # noqa: UP045


@register_task("tprune_translation", dataclass=TPruneTranslationConfig)
class TPruneTranslation(TranslationTask):
    """fairseq's translation task with a penalty around the optimiser's step."""

    penalty: Penalty | None = None
    share_log: GradientShareLog | None = None
    model: Transformer
    updates: int = 0  # made by this process and those that it goes on from
    batches: Any  # of the training text
    max_tokens: int = 0

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> nn.Module:
        """Build the model, then the penalty on its lines."""
        self.model = model = super().build_model(cfg, from_checkpoint)
        if self.cfg.penalty_file:
            spec = PenaltySpec.read(self.cfg.penalty_file)
            self.penalty = spec.build(model.architecture)
            # The other penalties act by their proximal step and have no gradient to compare.
            first = distributed_utils.get_global_rank() == 0
            if self.cfg.gradient_share_file and spec.method == "shs" and first:
                sets = coupled_sets(model.architecture)
                self.share_log = GradientShareLog(self.cfg.gradient_share_file, sets)
        return model

    def get_batch_iterator(self, *args: Any, epoch: int = 1, **kwargs: Any) -> Any:
        """The batches of epoch 1, in another order every epoch.

        fairseq makes them with the epoch it starts in as a seed, so a run that resumes in a later epoch
        would go on with other batches than it had. One that is there already counts its epochs itself.
        """
        known = kwargs["dataset"] in self.dataset_to_epoch_iter
        iterator = super().get_batch_iterator(*args, epoch=1, **kwargs)
        if not known:
            iterator.epoch = epoch
        self.batches = iterator
        self.max_tokens = kwargs["max_tokens"]
        return iterator

    def get_checkpoint_dict(self) -> dict[str, Any]:
        """Called by fairseq before it writes a checkpoint: nothing of ours goes in.

        A process that was suspended, and wakes after another took its training over, ends here. At an
        epoch's end the valid loss goes into the curve first: a kill between the two makes the epoch's last
        updates again, and loses no row. (fairseq's own validation would come with every checkpoint.)
        """
        owner = self.cfg.owner_file
        if owner and not Generation.of_owner(Path(owner)).is_current():
            raise SystemExit(f"{owner}: another process took this training over; no checkpoint is written")
        if self.cfg.valid_loss_file and self.batches.end_of_epoch():
            curve = LearningCurve(self.cfg.valid_loss_file)
            if self.updates not in curve:
                curve.add(self.updates, valid_loss(self.model, Path(self.cfg.data), self.max_tokens))
        return {}

    def optimizer_step(self, optimizer: Any, model: Any, update_num: int) -> None:
        """The optimiser's step, with the penalty's gradient before and its proximal step after.

        Here gradients are already averaged over tokens and clipped: the penalty is weighed against
        the mean loss, and clipping does not weaken it. Where several processes train, they have averaged
        their gradients already: each adds the same whole penalty to the same gradients.
        """
        with torch.no_grad():
            model = _bare(model)
            weights = {name: p.detach() for name, p in model.named_parameters()}
            if self.penalty is not None:
                self._add_penalty(self.penalty, weights, _gradients(model), update_num)
            super().optimizer_step(optimizer, model, update_num)
            if self.penalty is not None:
                self.penalty.shrink(weights, optimizer.get_lr())
        self.updates = update_num + 1

    def _add_penalty(
        self, penalty: Penalty, weights: dict[str, Tensor], gradients: dict[str, Tensor], update: int
    ) -> None:
        log = self.share_log
        due = log is not None and update % self.cfg.gradient_share_interval == 0
        before = {name: gradient.clone() for name, gradient in gradients.items()} if due else {}
        penalty.add_gradient(weights, gradients)
        if log is not None and due:
            log.add(update, before, gradients)


def _bare(model: nn.Module) -> Transformer:
    """The model inside fairseq's wrappers for several processes, which prefix the names of its weights."""
    while not isinstance(model, Transformer):
        model = model.get_submodule("module")
    return model


def _gradients(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
