"""Makes data-bin/: the dictionaries and the binary files that fairseq trains on."""

from pathlib import Path

from tprune import logs
from tprune.corpus.binarise import binarise

logs.start(snakemake.log[0])
binarise(
    Path(snakemake.input.encoded[0]).parent,
    snakemake.output.data,
    snakemake.params.joined_dictionary,
    snakemake.threads,
    snakemake.input.source_dictionary or None,
    snakemake.input.target_dictionary or None,
)
