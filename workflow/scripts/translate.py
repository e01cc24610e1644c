"""Makes hypotheses.txt: the test set translated by a CTranslate2 model, as plain text."""

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
    dtype=snakemake.wildcards.dtype,
    beam=snakemake.params.beam,
    threads=snakemake.threads,
)
