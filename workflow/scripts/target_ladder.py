"""Makes ladder.json: the speed-ups requested of the models that a target is chosen among."""

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.latency_model import read_beside_baseline
from tprune.model.architecture import Architecture
from tprune.target.ladder import greatest_speedup, ladder
from tprune.target.measured import control_milliseconds

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
dense = Architecture.read(files.dense)
reached = []
for start in map(Architecture.read, files.starts):
    costs, dense_ms = read_beside_baseline(files.latency_model, wanted.dtype, wanted.beam, start, dense)
    reached.append((dense_ms / costs.milliseconds(start), greatest_speedup(costs, start, dense_ms)))
least, greatest = min(reached)[0], max(greatest for _, greatest in reached)
control_ms = control_milliseconds(files.control) if files.control else None
speedups = ladder(wanted.key, wanted.value, wanted.speedups, greatest, wanted.predicted, control_ms, least)
write_json(snakemake.output.ladder, {"speedups": speedups})
