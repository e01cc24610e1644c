"""Makes the masked model: the lines not kept are zero, the others fine-tuned."""

from pathlib import Path

from tprune import logs
from tprune.lines.selection import Selection
from tprune.model.checkpoint import load_model, save_model
from tprune.pruning.fine_tune import fine_tuned
from tprune.threads import limit_threads
from tprune.training.command import Schedule, Trainer
from tprune.training.train import Run

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
params, name = snakemake.params, "-".join(["prune", *snakemake.wildcards])
model = load_model(snakemake.input.weights, snakemake.input.architecture)
teacher = load_model(*snakemake.input.teacher) if snakemake.input.teacher else None
schedule = Schedule.decaying(params.updates, params.lr)
intervals = {key: snakemake.resources[key] for key in ("checkpoint_interval", "log_interval")}
trainer = Trainer(**params.training, **intervals, nodes=snakemake.resources.get("nodes", 1))
data, regularised = Path(snakemake.input.data), {key: params[key] for key in ("distillation", "dropout")}
run = Run(name, data, model, schedule, params.seed, teacher=teacher, **regularised)
selection = Selection.read(snakemake.input.lines)
with fine_tuned(run, selection, trainer, Path(params.state)) as masked:
    save_model(masked, snakemake.output.weights, snakemake.output.architecture)
