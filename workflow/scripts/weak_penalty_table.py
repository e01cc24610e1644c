"""List the sets on which a penalty's gradient stayed below 1 % of the loss's."""

from tprune import logs
from tprune.tables import weak_penalty
from tprune.tables.points import Point
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
points = [Point.from_pattern(point) for point in snakemake.params.points]
write_csv(weak_penalty.build(points, snakemake.input.shares), snakemake.output.csv)
