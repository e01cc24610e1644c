"""Makes the baseline: a dense Transformer trained from random weights."""

from pathlib import Path

from tprune import logs
from tprune.model.checkpoint import save_model
from tprune.model.dense import dense_architecture
from tprune.threads import limit_threads
from tprune.training.command import Schedule, Trainer
from tprune.training.train import Run, trained

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
data, params = Path(snakemake.input.data), snakemake.params
architecture = dense_architecture(data, **params.model)
schedule = Schedule(params.updates, params.lr, params.warmup_updates)
intervals = {key: snakemake.resources[key] for key in ("checkpoint_interval", "log_interval")}
trainer = Trainer(**params.training, **intervals, nodes=snakemake.resources.get("nodes", 1))
run = Run(snakemake.rule, data, architecture, schedule, params.seed)
with trained(run, trainer, Path(params.state)) as (model, _):
    save_model(model, snakemake.output.weights, snakemake.output.architecture)
