import gc
import os
import sys
from pathlib import Path

import pandas as pd
from snakemake.utils import Paramspace, min_version

from tprune.config.devices import check_targets, read_devices, reference_device
from tprune.config.grid import (
    label,
    matched_strength,
    model_grid,
    penalised_grid,
    requested_speedups,
    rival_grid,
    seed_of_repeat,
)
from tprune.config.load import load_settings
from tprune.config.methods import (
    is_taught,
    method_of,
    narrowed_widths,
    other_widths,
    penalised_by_shs,
    shs_methods,
    taught_scratch,
)
from tprune.config.preflight import check_disk
from tprune.latency.bundle_packages import pinned_version
from tprune.tables.points import Point

min_version("9.0")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


# The graph of a large sweep is millions of objects that all stay: looked through for garbage as often as Python does
# by default, they make planning a tenth slower or more.
gc.set_threshold(1_000_000, 20, 100)

settings = load_settings(config, "configuration")
RESULTS = settings.results_dir
STATE = f"{RESULTS}/state"  # training state: outside every declared output
PENALTY_SEED, FINE_TUNING_SEED = 100, 200  # so that stages see the text in other orders
# These change no result: they are resources of the rules, which trigger no re-run.
TRAINING = settings.training.model_dump(
    exclude={"checkpoint_interval", "log_interval", "gpus", "nodes"}
)
# A cluster's jobs read this file too: they would all walk through the results, and stop in the middle of a run.
if workflow.is_main_process:
    check_disk(RESULTS, settings)


wildcard_constraints:
    method="[a-z0-9_-]+",
    strength="[0-9.e+-]+",
    threshold="[0-9.e+-]+",
    speedup="[0-9.e+-]+",
    d_model="[0-9]+",
    repeat="[0-9]+",
    dtype="float32|int8",
    name="[a-z0-9]+",


include: "workflow/rules/resume.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/grid.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/baseline.smk"
include: "workflow/rules/bssl.smk"
include: "workflow/rules/sparsity_profile.smk"
include: "workflow/rules/narrow.smk"
include: "workflow/rules/shs.smk"
include: "workflow/rules/distillation.smk"
include: "workflow/rules/prune.smk"
include: "workflow/rules/scratch.smk"
include: "workflow/rules/compact.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/bundle.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/latency.smk"
include: "workflow/rules/width.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/target_inputs.smk"
include: "workflow/rules/target.smk"
include: "workflow/rules/plan.smk"


onstart:
    need_slurm()
    put_on_record()


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,


rule rivals:
    input:
        rules.all.input,


rule study:
    input:
        rules.rivals.input,
        rules.study_docs.output,
