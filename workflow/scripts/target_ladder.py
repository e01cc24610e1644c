"""Makes ladder.json: the speed-ups requested of the models that a target is chosen among."""

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.latency_model import read_beside_baseline
from tprune.model.architecture import Architecture
from tprune.target.ladder import greatest_speedup, ladder
from tprune.target.measured import control_milliseconds

logs.start(snakemake.log[0])
files, wanted = snakemake.input, snakemake.params
start, dense = Architecture.read(files.architecture), Architecture.read(files.dense)
costs, dense_ms = read_beside_baseline(files.latency_model, wanted.dtype, wanted.beam, start, dense)
greatest, least = greatest_speedup(costs, start, dense_ms), dense_ms / costs.milliseconds(start)
control_ms = control_milliseconds(files.control) if files.control else None
speedups = ladder(wanted.key, wanted.value, wanted.speedups, greatest, wanted.predicted, control_ms, least)
write_json(snakemake.output.ladder, {"speedups": speedups})
