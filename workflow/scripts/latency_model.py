"""Makes latency_model.json: what layers and lines cost, fitted to the times of models of many sizes."""

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.assignment import Settings
from tprune.latency.latency_design import sizes_to_measure
from tprune.latency.latency_model import fit, to_json
from tprune.latency.protocol import write_samples
from tprune.latency.random_models import measure_sizes, sizes_signature
from tprune.model.architecture import Architecture

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
settings = Settings(wanted.beams, wanted.threads, wanted.sentences, wanted.warm_up, wanted.seed)
dense = [Architecture.read(path) for path in (files.architecture, *files.narrowed)]
sizes = sizes_to_measure(dense, wanted.seed)
samples = measure_sizes(sizes, wanted.dtypes, files.source, files.reference, settings, "latency_model")
write_samples(snakemake.output.samples, samples)
write_json(snakemake.output.model, to_json(fit(sizes, samples), sizes_signature(settings)))
