"""Makes width.json: for each requested speed-up of a target, the width that loses least in one shot."""

from tprune import logs
from tprune.atomic import write_json
from tprune.pruning.one_shot import least_lossy, read_one_shot
from tprune.tables.sources import read_record

logs.start(snakemake.log[0])
files = snakemake.input
speedups = read_record(files.ladder)["speedups"]
found = [read_one_shot(path) for path in files.losses]
chosen = {speedup: [one for one in found if one.speedup == speedup] for speedup in speedups}
methods = [least_lossy(alike).method if alike else "shs" for alike in chosen.values()]
write_json(snakemake.output.width, {"speedups": speedups, "methods": methods})
