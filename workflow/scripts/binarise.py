"""Makes data-bin/: the dictionaries and the binary files that fairseq trains on."""

from tprune import logs
from tprune.corpus.binarise import binarise

logs.start(snakemake.log[0])
binarise(
    snakemake.params.encoded,
    snakemake.output.data,
    snakemake.params.joined_dictionary,
    snakemake.threads,
    snakemake.input.source_dictionary or None,
    snakemake.input.target_dictionary or None,
)
