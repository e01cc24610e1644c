"""Makes choice.json: the model that meets the target, chosen by BLEU on the validation set."""

from tprune import logs
from tprune.atomic import write_json
from tprune.tables.points import Point
from tprune.target.choice import choose
from tprune.target.measured import gather
from tprune.target.report import choice_record

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
measured = gather(
    [Point(**row) for row in wanted.rows], files.samples, files.scores, wanted.bootstrap_samples, wanted.seed
)
chosen = choose(wanted.key, wanted.value, measured)
write_json(snakemake.output.choice, choice_record(wanted.key, wanted.value, wanted.device, chosen, measured))
