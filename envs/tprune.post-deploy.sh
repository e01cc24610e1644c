#!/bin/sh
# Snakemake runs this from the workflow's root after it has built the environment of tprune.yaml. A relative
# path in that file's pip section would not do: Snakemake copies the file elsewhere first.
set -eu
python -m pip install --quiet --no-deps --no-build-isolation --editable workflow
