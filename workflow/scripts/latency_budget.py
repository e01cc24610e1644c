"""Makes budget.csv: what each component of the control costs and what making it free would gain."""

from tprune import logs
from tprune.latency.assignment import Settings
from tprune.latency.budget import divide, measure_variants
from tprune.latency.protocol import write_samples
from tprune.model.architecture import Architecture
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
settings = Settings(wanted.beams, wanted.threads, wanted.sentences, wanted.warm_up, wanted.seed)
control = Architecture.read(files.architecture)
samples = measure_variants(control, wanted.dtypes, files.source, files.reference, settings)
write_samples(snakemake.output.samples, samples)
write_csv(divide(samples, wanted.bootstrap_samples, wanted.seed), snakemake.output.budget)
