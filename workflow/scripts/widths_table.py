"""Makes widths.csv: what each width loses in one shot at each requested speed-up."""

from tprune import logs
from tprune.pruning.one_shot import read_one_shot, table
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
write_csv(table([read_one_shot(path) for path in snakemake.input.losses]), snakemake.output.csv)
