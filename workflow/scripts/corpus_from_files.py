"""Makes train, valid and test, one sentence a line, from the user's files; every line is checked."""

from tprune import logs
from tprune.corpus.parallel_files import write_file_pairs

logs.start(snakemake.log[0])
write_file_pairs(dict(snakemake.input.items()), dict(snakemake.output.items()))
