"""Makes samples.csv and signature.json: every model timed on this machine, in one process."""

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.local import Settings, list_artefacts, measure_local
from tprune.latency.protocol import write_samples

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
artefacts = list_artefacts(wanted.grid, wanted.dtypes, files.models)
settings = Settings(wanted.beams, wanted.threads, wanted.sentences, wanted.warm_up, wanted.seed)
samples, signature = measure_local(artefacts, files.source, files.reference, settings)
write_samples(snakemake.output.samples, samples)
write_json(snakemake.output.signature, signature)
