"""Makes train, valid and test, one sentence a line, from editions of the Bible; whole chapters held out."""

from tprune import logs
from tprune.corpus.bible import write_bible_pairs

logs.start(snakemake.log[0])
write_bible_pairs(
    snakemake.input.database,
    dict(snakemake.output.items()),
    snakemake.params.source_editions,
    snakemake.params.target_edition,
    snakemake.params.valid_percent,
    snakemake.params.test_percent,
    snakemake.params.books,
)
