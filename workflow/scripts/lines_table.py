"""Count the lines requested and kept in every coupled set of every pruned model."""

from tprune import logs
from tprune.tables import lines
from tprune.tables.points import Point
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
points = [Point.from_pattern(point) for point in snakemake.params.points]
write_csv(lines.build(points, snakemake.input.selections), snakemake.output.csv)
