"""Gather tables, figures and what made them in one folder, for version control."""

from tprune import logs
from tprune.study import area, document, equal_latency, goals, points
from tprune.tables.sources import read_record, read_table
from tprune.training import learning_curve

logs.start(snakemake.log[0])
files, params = snakemake.input, snakemake.params
tables = {
    "headline": read_table(files.headline, points.NEEDED),
    "areas": read_table(files.areas, area.COLUMNS),
    "equal_latency": read_table(files.equal_latency, equal_latency.COLUMNS),
    "goals": read_table(files.goals, goals.COLUMNS),
    **({"valid_loss": read_table(files.valid_loss, learning_curve.COLUMNS)} if files.valid_loss else {}),
}
device = read_record(files.signature)
made = document.Made(
    params.command, document.revision(), params.settings, params.configuration, device, params.updates
)
document.write(snakemake.output.folder, dict.fromkeys(files), tables, made)
