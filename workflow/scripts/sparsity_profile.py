"""Makes the sparsity profile: the whole sweep's table, and what follows from it."""

from tprune import logs
from tprune.atomic import write_json, write_text
from tprune.profile.dominant_axis import dominant_axes, finding
from tprune.profile.strengths import relative_strengths, sensitivity_order
from tprune.profile.sweep import read_sweep
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
sweep = read_sweep(snakemake.input.sweep)
axes, order = dominant_axes(sweep), sensitivity_order(sweep)
write_json(snakemake.output.strengths, relative_strengths(order))
write_text(snakemake.output.finding, finding(axes) + "\n")
for name, table in {"lines": sweep, "axes": axes, "order": order}.items():
    write_csv(table, snakemake.output[name])
