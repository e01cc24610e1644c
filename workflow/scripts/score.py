"""Makes scores.json: BLEU and chrF of one model in one dtype, and the p value against the control."""

from tprune import logs
from tprune.evaluation.score import score_files
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
score_files(
    snakemake.input.hypotheses,
    snakemake.input.references,
    snakemake.input.control or None,
    f"control {snakemake.wildcards.dtype}",
    snakemake.params.target_lang,
    snakemake.params.bootstrap_samples,
    snakemake.output.scores,
)
