"""Makes a compact model, its CTranslate2 forms in float32 and int8, and check.json, the proof of equality."""

from pathlib import Path

from tprune import logs
from tprune.compaction.artefacts import Artefacts, CheckText, Masked, make_artefacts
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
data = Path(snakemake.input.data)
make_artefacts(
    Masked(snakemake.input.weights, snakemake.input.architecture, snakemake.input.get("lines")),
    CheckText(data / "dict.src.txt", data / "dict.tgt.txt", snakemake.input.source, snakemake.input.target),
    Artefacts(**dict(snakemake.output.items())),
    threads=snakemake.threads,
)
