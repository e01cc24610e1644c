"""Makes the narrowed baseline: its residual stream keeps the directions of most variance."""

from pathlib import Path

from tprune import logs
from tprune.model.checkpoint import load_model, save_model
from tprune.narrowing.narrow import narrowed
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files = snakemake.input
baseline = load_model(files.weights, files.architecture)
d_model = int(snakemake.wildcards.d_model)
model = narrowed(baseline, d_model, Path(files.data), snakemake.params.seed)
save_model(model, snakemake.output.weights, snakemake.output.architecture)
