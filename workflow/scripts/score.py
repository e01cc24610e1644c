"""Makes scores.json: BLEU, chrF and the p value against the control, of a model in one dtype, by beam."""

from tprune import logs
from tprune.evaluation.score import score_files
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, beams = snakemake.input, snakemake.params.beams
score_files(
    dict(zip(beams, files.hypotheses, strict=True)),
    files.references,
    dict(zip(beams, files.control, strict=True)) if files.control else None,
    f"control {snakemake.wildcards.dtype}",
    snakemake.params.target_lang,
    snakemake.params.bootstrap_samples,
    snakemake.output.scores,
)
