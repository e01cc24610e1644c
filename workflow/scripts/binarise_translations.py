"""Makes distillation/data-bin/: as corpus/data-bin, but for the training text, the control's translations."""

from pathlib import Path

from tprune import logs
from tprune.corpus.binarise import binarise

logs.start(snakemake.log[0])
references = Path(snakemake.input.references)
binarise(
    Path(snakemake.input.encoded[0]).parent,
    snakemake.output.data,
    joined_dictionary=False,  # both are given
    workers=snakemake.threads,
    source_dictionary=references / "dict.src.txt",
    target_dictionary=references / "dict.tgt.txt",
    train=Path(snakemake.input.train[0]).with_suffix(""),
)
