"""Makes beam~B.txt: a text translated by a CTranslate2 model with each beam size, as plain text."""

from tprune import logs
from tprune.evaluation.translate import translate_file
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
translate_file(
    snakemake.input.model,
    snakemake.input.source,
    snakemake.input.subwords,
    dict(zip(snakemake.params.beams, snakemake.output.hypotheses, strict=True)),
    dtype=snakemake.wildcards.dtype,
    threads=snakemake.threads,
)
