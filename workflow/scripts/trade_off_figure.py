"""Draw speed-up against change of BLEU."""

from pathlib import Path

from tprune import logs
from tprune.figures import trade_off
from tprune.figures.canvas import Sheet
from tprune.tables import headline
from tprune.tables.sources import read_table

logs.start(snakemake.log[0])
table = read_table(snakemake.input.headline, headline.COLUMNS)
trade_off.draw(table, Sheet(Path(snakemake.output.figure), snakemake.params.dpi))
