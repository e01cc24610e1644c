"""Makes the loss of a method's start, pruned in one shot for a requested speed-up."""

from dataclasses import asdict
from pathlib import Path

from tprune import logs
from tprune.atomic import write_json
from tprune.latency.latency_model import read_beside_baseline
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_model
from tprune.pruning.line_importance import read_line_importances
from tprune.pruning.one_shot import one_shot
from tprune.pruning.policy import Evidence, Request
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, wanted = snakemake.input, snakemake.params
model = load_model(files.weights, files.architecture)
asked = snakemake.wildcards.method, 0.0, 0.0, float(snakemake.wildcards.speedup)
request = Request(*asked, wanted.round_to, wanted.decoder_layers, wanted.seed)
sizes = model.architecture, Architecture.read(files.dense)
predicted = read_beside_baseline(files.latency_model, wanted.dtype, wanted.beam, *sizes)
importances = files.line_importance and read_line_importances(files.line_importance, model.architecture)
found = one_shot(
    model, request, Evidence(*predicted, importances or None), Path(files.data), wanted.max_tokens
)
write_json(snakemake.output.loss, asdict(found))
