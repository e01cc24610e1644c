"""Draw what each component of the control costs in latency."""

from pathlib import Path

from tprune import logs
from tprune.figures import latency_budget
from tprune.figures.canvas import Sheet
from tprune.tables.sources import read_table

logs.start(snakemake.log[0])
budget = read_table(snakemake.input.budget, latency_budget.COLUMNS)
latency_budget.draw(budget, Sheet(Path(snakemake.output.figure), snakemake.params.dpi))
