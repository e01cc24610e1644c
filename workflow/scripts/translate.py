"""Makes hypotheses/: a text translated by a CTranslate2 model, a file of plain text for each beam size."""

from tprune import logs
from tprune.evaluation.translate import translate_file
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
translate_file(
    snakemake.input.model,
    snakemake.input.source,
    snakemake.input.subwords,
    snakemake.output.hypotheses,
    snakemake.params.beams,
    dtype=snakemake.wildcards.dtype,
    threads=snakemake.threads,
)
