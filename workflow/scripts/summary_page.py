"""Write the page that opens the report: finding, headline table, weak penalties, cost of the stages."""

from tprune import logs
from tprune.atomic import write_text
from tprune.tables import headline, page, stage_cost, weak_penalty
from tprune.tables.sources import read_record, read_sentence, read_table

logs.start(snakemake.log[0])
files = snakemake.input
findings = page.Findings(
    headline=read_table(files.headline, headline.COLUMNS),
    stage_cost=read_table(files.stage_cost, stage_cost.COLUMNS),
    weak_penalty=read_table(files.weak_penalty, weak_penalty.COLUMNS),
    finding=read_sentence(files.finding),
    signatures={
        name: read_record(path) for name, path in zip(snakemake.params.devices, files.signatures, strict=True)
    },
)
write_text(snakemake.output.html, page.render(findings))
