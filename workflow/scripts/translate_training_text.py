"""Makes distillation/train: the training text as the control translates it, in pieces."""

from pathlib import Path

from tprune import logs
from tprune.corpus.teacher_text import translate_training_text
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
translate_training_text(
    Path(snakemake.input.model),
    Path(snakemake.input.source),
    snakemake.output.train,
    snakemake.params.beam,
    snakemake.threads,
    snakemake.params.max_pieces,
    Path(snakemake.params.state),
)
