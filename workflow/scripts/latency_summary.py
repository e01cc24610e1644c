"""Makes summary.csv: medians and speed-ups with their intervals, from the latency samples."""

from tprune import logs
from tprune.latency.summary import read_samples, summarise
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
samples = read_samples(snakemake.input.samples)
summary = summarise(samples, snakemake.params.bootstrap_samples, snakemake.params.seed)
write_csv(summary, snakemake.output.summary)
