"""Makes lines.json: which lines of every coupled set the pruned model keeps."""

from tprune import logs
from tprune.latency.latency_model import read_beside_baseline
from tprune.lines.selection import Selection
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_model
from tprune.pruning.head_importance import read_importances
from tprune.pruning.line_importance import read_line_importances
from tprune.pruning.policy import Evidence, Request, select_lines
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, wanted = snakemake.input, snakemake.params
model = load_model(files.weights, files.architecture)
strength, threshold, speedup = map(float, snakemake.wildcards[1:4])
request = Request(
    *(snakemake.wildcards.method, strength, threshold, speedup),
    *(wanted.round_to, wanted.decoder_layers, wanted.seed),
)
costs, dense_ms = None, 0.0
if files.latency_model:
    sizes = model.architecture, Architecture.read(files.dense)
    costs, dense_ms = read_beside_baseline(files.latency_model, wanted.dtype, wanted.beam, *sizes)
evidence = Evidence(
    costs,
    dense_ms,
    read_line_importances(files.line_importance, model.architecture) if files.line_importance else None,
    read_importances(files.head_importance) if files.head_importance else None,
    Selection.read(files.matched) if files.matched else None,
)
select_lines(model, request, evidence).write(snakemake.output.lines)
