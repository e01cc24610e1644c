"""Makes subword.model: a joint BPE model learnt on a sample of the training text."""

from tprune import logs
from tprune.corpus.subword_model import train_subwords

logs.start(snakemake.log[0])
source, target = snakemake.input.train
train_subwords(
    source,
    target,
    snakemake.output.model,
    snakemake.params.vocabulary_size,
    snakemake.params.sample,
    snakemake.params.seed,
)
