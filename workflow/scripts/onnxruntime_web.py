"""Fetches onnxruntime-web, which runs the models in a browser."""

from tprune import logs
from tprune.latency.browser.onnxruntime_web import fetch_runtime

logs.start(snakemake.log[0])
fetch_runtime(snakemake.output.runtime)
