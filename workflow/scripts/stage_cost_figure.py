"""Draw what each stage cost in seconds."""

from pathlib import Path

from tprune import logs
from tprune.figures import stage_cost
from tprune.figures.canvas import Sheet
from tprune.tables.sources import read_table
from tprune.tables.stage_cost import COLUMNS

logs.start(snakemake.log[0])
table = read_table(snakemake.input.stage_cost, COLUMNS)
stage_cost.draw(table, Sheet(Path(snakemake.output.figure), snakemake.params.dpi))
