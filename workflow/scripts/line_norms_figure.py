"""Draw histograms of line norms after each penalty, with the thresholds."""

from pathlib import Path

from tprune import logs
from tprune.figures import line_norms
from tprune.figures.canvas import Sheet
from tprune.tables.points import Point
from tprune.tables.sources import read_table

logs.start(snakemake.log[0])
points = [Point.from_pattern(point) for point in snakemake.params.points]
tables = [read_table(path, line_norms.COLUMNS) for path in snakemake.input.norms]
sheet = Sheet(Path(snakemake.output.figure), snakemake.params.dpi)
line_norms.draw(list(zip(points, tables, strict=True)), snakemake.params.thresholds, sheet)
