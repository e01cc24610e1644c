"""Makes costs.csv: parameters, multiply-adds, file size and peak memory of every model and dtype."""

from tprune import logs
from tprune.latency.assignment import Settings, list_artefacts
from tprune.latency.costs import count_costs
from tprune.tables.writing import write_csv
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, wanted = snakemake.input, snakemake.params
artefacts = list_artefacts(wanted.grid, wanted.dtypes, files.models)
settings = Settings(wanted.beams, wanted.threads, wanted.sentences, 0, wanted.seed)
table = count_costs(artefacts, files.weights, files.architectures, files.source, files.reference, settings)
write_csv(table, snakemake.output.costs)
