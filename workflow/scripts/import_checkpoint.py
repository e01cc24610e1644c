"""Makes the baseline, model.safetensors and model.json, out of the user's own fairseq checkpoint."""

from tprune import logs
from tprune.model.checkpoint import save_model
from tprune.model.fairseq_checkpoint import load_fairseq_checkpoint
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
model = load_fairseq_checkpoint(
    snakemake.input.checkpoint, snakemake.input.source_dictionary, snakemake.input.target_dictionary
)
save_model(model, snakemake.output.weights, snakemake.output.architecture)
