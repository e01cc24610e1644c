"""Makes lines.json: which lines of every coupled set the pruned model keeps."""

from tprune import logs
from tprune.lines.selection import Selection
from tprune.model.checkpoint import load_model
from tprune.pruning.score import line_scores
from tprune.pruning.select import select_as_many, select_by_threshold
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
method, strength, threshold = snakemake.wildcards
scores = line_scores(load_model(snakemake.input.weights, snakemake.input.architecture))
if snakemake.input.matched:
    matched = Selection.read(snakemake.input.matched)
    selection = select_as_many(scores, matched, method, float(strength))
else:
    round_to = snakemake.params.round_to
    selection = select_by_threshold(scores, method, float(strength), float(threshold), round_to)
selection.write(snakemake.output.lines)
