"""Makes strengths.json: each coupled set weighed by the measured milliseconds of one of its lines."""

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.line_costs import line_costs
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.profile.cost_strengths import cost_strengths
from tprune.tables.sources import read_table

logs.start(snakemake.log[0])
architecture = Architecture.read(snakemake.input.architecture)
budget = read_table(snakemake.input.budget, ("dtype", "beam", "component", "latency_ms"))
costs = line_costs(architecture, budget, snakemake.params.dtype, snakemake.params.beam)
write_json(snakemake.output.strengths, cost_strengths(coupled_sets(architecture), costs))
