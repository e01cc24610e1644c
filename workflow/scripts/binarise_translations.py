"""Makes distillation/data-bin/: as corpus/data-bin, but for the training text, the control's translations."""

from pathlib import Path

from tprune import logs
from tprune.corpus.binarise import binarise

logs.start(snakemake.log[0])
binarise(
    Path(snakemake.input.encoded[0]).parent,
    snakemake.output.data,
    joined_dictionary=False,  # both are given
    workers=snakemake.threads,
    source_dictionary=snakemake.input.source_dictionary,
    target_dictionary=snakemake.input.target_dictionary,
    train=Path(snakemake.input.train[0]).with_suffix(""),
)
