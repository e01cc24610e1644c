"""Makes lines.json: which lines of every coupled set the pruned model keeps."""

from tprune import logs
from tprune.latency.latency_model import LatencyModel
from tprune.lines.selection import Selection
from tprune.model.checkpoint import load_model
from tprune.pruning.head_importance import read_importances
from tprune.pruning.line_importance import read_line_importances
from tprune.pruning.score import line_scores, random_scores
from tprune.pruning.select import select_as_many, select_by_speedup, select_by_threshold
from tprune.pruning.select_heads import select_heads
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, wanted, method = snakemake.input, snakemake.params, snakemake.wildcards.method
strength, threshold, speedup = map(float, snakemake.wildcards[1:4])
model = load_model(files.weights, files.architecture)
if files.line_importance:
    scores = read_line_importances(files.line_importance, model.architecture)
else:
    scores = line_scores(model)
costs = LatencyModel.read(files.latency_model, wanted.dtype, wanted.beam) if files.latency_model else None
if files.matched:
    if method == "random":
        scores = random_scores(scores, wanted.seed)
    selection = select_as_many(scores, Selection.read(files.matched), method, strength)
elif method == "heads":
    importances = read_importances(files.head_importance)
    selection = select_heads(importances, model.architecture, costs.milliseconds, speedup)
elif costs:
    selection = select_by_speedup(
        scores, costs, model.architecture, speedup, method, strength, wanted.round_to, wanted.decoder_layers
    )
else:
    selection = select_by_threshold(scores, method, strength, threshold, wanted.round_to)
selection.write(snakemake.output.lines)
