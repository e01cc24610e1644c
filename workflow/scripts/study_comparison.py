"""Compare the methods' fronts: areas, BLEU at equal latency, goals."""

from tprune import logs
from tprune.atomic import write_text
from tprune.study import area, equal_latency, goals, points, text
from tprune.tables.sources import read_table
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
table = read_table(snakemake.input.points, points.COLUMNS)
at_equal_latency = equal_latency.build(table)
reached = goals.build(table, at_equal_latency, snakemake.params.ours, snakemake.params.updates)
write_csv(area.build(table), snakemake.output.areas)
write_csv(at_equal_latency, snakemake.output.equal_latency)
write_csv(reached, snakemake.output.goals)
write_text(snakemake.output.goals_markdown, text.goals_text(reached))
