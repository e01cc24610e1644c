"""Makes line_importance.json: what each line of each coupled set is worth to the loss."""

from pathlib import Path

from tprune import logs
from tprune.model.checkpoint import load_model
from tprune.pruning.line_importance import line_importances, write_line_importances
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files = snakemake.input
model = load_model(files.weights, files.architecture)
importances = line_importances(model, Path(files.data), snakemake.params.seed)
write_line_importances(importances, snakemake.output.importance)
