"""Makes subword.model: the subword model that the user's checkpoint was trained with."""

from tprune import logs
from tprune.corpus.subword_model import install_subwords

logs.start(snakemake.log[0])
install_subwords(snakemake.input.given, snakemake.params.kind, snakemake.output.model)
