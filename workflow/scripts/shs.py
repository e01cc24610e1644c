"""Makes the penalised model: the baseline trained on under SHS, a rival penalty, or none."""

import json
from pathlib import Path

from tprune import logs
from tprune.atomic import atomic_path
from tprune.model.checkpoint import load_model, save_model
from tprune.pruning.score import line_scores, score_table
from tprune.threads import limit_threads
from tprune.training.command import Schedule, Trainer
from tprune.training.gradient_share import read_gradient_share
from tprune.training.penalty_file import PenaltySpec
from tprune.training.train import Run, trained

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
params, strength = snakemake.params, float(snakemake.wildcards.strength)
baseline = load_model(snakemake.input.weights, snakemake.input.architecture)
relative = json.loads(Path(snakemake.input.strengths).read_text()) if snakemake.input.strengths else {}
penalty = PenaltySpec(params.penalty, strength, relative) if params.penalty else None
schedule = Schedule.constant(params.updates, params.lr)
intervals = {key: snakemake.resources[key] for key in ("checkpoint_interval", "log_interval")}
trainer = Trainer(**params.training, **intervals, nodes=snakemake.resources.get("nodes", 1))
name = "-".join(snakemake.wildcards)
run = Run(name, Path(snakemake.input.data), baseline, schedule, params.seed, penalty)
with trained(run, trainer, Path(params.state)) as (model, state):
    tables = {"norms": score_table(line_scores(model)), "share": read_gradient_share(state.gradient_share)}
    for name, table in tables.items():
        with atomic_path(snakemake.output[name]) as partial:
            table.to_csv(partial, index=False)
    save_model(model, snakemake.output.weights, snakemake.output.architecture)
