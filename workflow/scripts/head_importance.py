"""Makes head_importance.json: what each head of each attention is worth to the loss."""

from pathlib import Path

from tprune import logs
from tprune.model.checkpoint import load_model
from tprune.pruning.head_importance import head_importances, write_importances
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, params = snakemake.input, snakemake.params
model = load_model(files.weights, files.architecture)
importances = head_importances(model, Path(files.data), params.max_tokens, params.seed)
write_importances(importances, snakemake.output.importance)
