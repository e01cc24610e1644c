"""Makes encoded/: train, valid and test as subword pieces; overlong training pairs are left out."""

from tprune import logs
from tprune.corpus.encode import encode_pairs

logs.start(snakemake.log[0])
encode_pairs(
    {split: snakemake.input[split] for split in ("train", "valid", "test")},
    dict(snakemake.output.items()),
    snakemake.input.model,
    snakemake.params.max_pieces,
)
