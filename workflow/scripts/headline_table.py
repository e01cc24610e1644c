"""Join quality, latency and size of every model into the headline table, as CSV and as Markdown."""

from tprune import logs
from tprune.atomic import write_text
from tprune.tables import headline, markdown
from tprune.tables.points import Point
from tprune.tables.sources import read_record
from tprune.tables.timings import Timed
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
devices = [
    Timed(**device, summary=summary, signature=signature)
    for device, summary, signature in zip(wanted.devices, files.summaries, files.signatures, strict=True)
]
sources = headline.Sources(devices, files.costs, files.checks, files.architectures, files.scores)
table = headline.build([Point.from_pattern(point) for point in wanted.points], wanted.dtypes, sources)
signatures = {device.name: read_record(device.signature) for device in devices}
write_csv(table, snakemake.output.csv)
write_text(snakemake.output.markdown, markdown.render(table, signatures))
