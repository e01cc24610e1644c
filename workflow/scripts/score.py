"""Makes scores.json: BLEU, chrF and the p value against the control, of a model in one dtype, by beam."""

from tprune import logs
from tprune.evaluation.score import score_files
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files = snakemake.input
score_files(
    files.hypotheses,
    files.references,
    files.control or None,
    f"control {snakemake.wildcards.dtype}",
    snakemake.params.beams,
    snakemake.params.target_lang,
    snakemake.params.bootstrap_samples,
    snakemake.output.scores,
)
