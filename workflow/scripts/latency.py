"""Makes samples.csv and signature.json: every model timed on one device, side by side."""

from tprune import logs
from tprune.atomic import write_json
from tprune.config.devices import Device
from tprune.latency.access import Access, Serving
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.kinds import measure_device
from tprune.latency.protocol import write_samples

logs.start(snakemake.log[0])
files, wanted, means = snakemake.input, snakemake.params, snakemake.resources
device = Device(**wanted.device)
artefacts = list_artefacts(wanted.grid, device.dtypes, files.models)
settings = Settings(device.beams, device.threads, wanted.sentences, wanted.warm_up, wanted.seed)
job = make_job(device.engine, artefacts, files.source, files.reference, settings, wanted.cool_down)
serving = Serving(
    means.page_host, means.page_port, means.page_timeout, means.page_certificate, means.page_key
)
access = Access(
    bool(means.keep),
    means.connect_timeout,
    means.ssh_config,
    means.board_bundle,
    dict(files.items()),
    serving,
)
samples, signature = measure_device(device, job, access)
write_samples(snakemake.output.samples, samples)
write_json(snakemake.output.signature, signature)
