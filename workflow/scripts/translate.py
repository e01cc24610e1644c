"""Makes hypotheses.txt: the test set translated by a CTranslate2 model, as plain text."""

from tprune import logs
from tprune.evaluation.translate import translate_file

logs.start(snakemake.log[0])
translate_file(
    snakemake.input.model,
    snakemake.input.source,
    snakemake.input.subwords,
    snakemake.output.hypotheses,
    dtype=snakemake.wildcards.dtype,
    beam=snakemake.params.beam,
    threads=snakemake.threads,
)
