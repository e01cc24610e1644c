"""Sum the seconds of each stage over the benchmark files of its jobs, as CSV and as Markdown."""

from pathlib import Path

from tprune import logs
from tprune.atomic import write_text
from tprune.tables import stage_cost
from tprune.tables.points import Point
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
wanted = snakemake.params
points = [Point.from_pattern(point) for point in wanted.points]
configured = stage_cost.Configured(
    points, wanted.bssl_strengths, wanted.widths, wanted.distillation, wanted.devices
)
table = stage_cost.build(Path(wanted.benchmarks), configured)
write_csv(table, snakemake.output.csv)
write_text(snakemake.output.markdown, stage_cost.render(table))
