"""Makes the BSSL table of one strength: which lines of every block died, and the valid loss."""

from pathlib import Path

from tprune import logs
from tprune.atomic import atomic_path
from tprune.evaluation.valid_loss import valid_loss
from tprune.model.checkpoint import load_model
from tprune.profile.dead_lines import dead_lines
from tprune.threads import limit_threads
from tprune.training.command import Schedule, Trainer
from tprune.training.penalty_file import PenaltySpec
from tprune.training.train import Run, trained

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
data, params = Path(snakemake.input.data), snakemake.params
baseline = load_model(snakemake.input.weights, snakemake.input.architecture)
strength = float(snakemake.wildcards.strength)
schedule, penalty = Schedule.constant(params.updates, params.lr), PenaltySpec("bssl", strength)
intervals = {key: snakemake.resources[key] for key in ("checkpoint_interval", "log_interval")}
trainer = Trainer(**params.training, **intervals, nodes=snakemake.resources.get("nodes", 1))
run = Run(f"bssl-{strength:g}", data, baseline, schedule, params.seed, penalty)
with trained(run, trainer, Path(params.state)) as (model, _):
    loss = valid_loss(model, data, params.training["max_tokens"])
    with atomic_path(snakemake.output.lines) as partial:
        dead_lines(model, strength, loss).to_csv(partial, index=False)
