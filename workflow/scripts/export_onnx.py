"""Makes the ONNX forms of a compact model, float32 and int8, and check.json, the proof of equality."""

from pathlib import Path

from tprune import logs
from tprune.compaction.artefacts import CheckText
from tprune.compaction.onnx_check import make_onnx
from tprune.threads import limit_threads

logs.start(snakemake.log[0])
limit_threads(snakemake.threads)
files, output, data = snakemake.input, snakemake.output, Path(snakemake.input.data)
text = CheckText(data / "dict.src.txt", data / "dict.tgt.txt", files.source, files.target)
make_onnx(files.weights, files.architecture, text, output.float32, output.int8, output.check)
