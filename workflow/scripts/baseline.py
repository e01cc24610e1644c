"""Makes a dense Transformer from random weights, the baseline or a smaller one, and its learning curve."""

from pathlib import Path

from tprune import logs
from tprune.atomic import atomic_path
from tprune.evaluation.valid_loss import valid_loss
from tprune.model.checkpoint import load_model, save_model
from tprune.model.dense import dense_architecture
from tprune.threads import limit_threads
from tprune.training.command import Schedule, Trainer
from tprune.training.learning_curve import LearningCurve, read_learning_curve
from tprune.training.train import Run, trained

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
data, params = Path(snakemake.input.data), snakemake.params
architecture = dense_architecture(data, **params.model)
schedule = Schedule(params.updates, params.lr, params.warmup_updates)
intervals = {key: snakemake.resources[key] for key in ("checkpoint_interval", "log_interval")}
trainer = Trainer(**params.training, **intervals, nodes=snakemake.resources.get("nodes", 1))
teacher = load_model(*snakemake.input.teacher) if snakemake.input.get("teacher") else None
learning = params.seed, None, teacher, params.get("distillation", 0.0)
run = Run(snakemake.rule, data, architecture, schedule, *learning, follow_valid_loss=True)
with trained(run, trainer, Path(params.state)) as (model, state):
    curve = LearningCurve(state.valid_loss)
    if params.updates not in curve:
        curve.add(params.updates, valid_loss(model, data, trainer.max_tokens))
    with atomic_path(snakemake.output.valid_loss) as partial:
        read_learning_curve(state.valid_loss).to_csv(partial, index=False)
    save_model(model, snakemake.output.weights, snakemake.output.architecture)
