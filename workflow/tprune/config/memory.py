"""Memory that jobs take, in MB (2**20 bytes): estimates for a scheduler, from the sizes of model and batch.

A scheduler counts every process of a job: Snakemake in the job as well as the script and what it starts.
Each estimate is a linear model with some room above the peaks that were measured (`max_rss` in
RESULTS/benchmarks, and tests/benchmarks/training_memory.py); a job that takes more is tried again with more.
"""

from tprune.config.grid import rival_grid
from tprune.config.methods import has_teacher, narrowed_widths
from tprune.config.preflight import count_weights
from tprune.config.settings import Settings

SNAKEMAKE = 300  # Snakemake twice, as the job and inside it
TORCH = 410  # a process that has loaded PyTorch and fairseq
HEADROOM = 1.1
MB = 2**20

# Of a training process, in float32: weights, gradients and Adam's two moments, and a checkpoint read to go on
# from; in the script that waits for it, the model it starts from and the one it ends with. Processes that
# train together average their gradients in a buffer.
TRAINING_BYTES_PER_WEIGHT = 4 * 4 + 4 * 3
WAITING_BYTES_PER_WEIGHT = 4 * 2
AVERAGING_BYTES_PER_WEIGHT = 4
# A teacher's weights, and what it said (tprune.fairseq_plugin.distillation.REMEMBERED), on each process.
TEACHER_BYTES_PER_WEIGHT, TEACHER_MB = 4, 256
# Numbers that a token of a batch leaves behind for the backward pass, per layer and in the output.
KEPT_PER_WIDTH, KEPT_PER_FFN, KEPT_PER_PIECE = 14, 4, 2.5

# The check of a compact model holds it and the masked one in float32 and float64, and CTranslate2's forms.
COMPACTION_BYTES_PER_WEIGHT = 96
TRANSLATION_BYTES_PER_WEIGHT = 16
TIMING_BYTES_PER_WEIGHT = 8  # of every model at once, float32 and int8
# In dense models: the timed sizes (tprune.latency.latency_design.MODELS) are half as large on average.
SIZES_OF_A_WIDTH = 10


def training(settings: Settings, may_have_teacher: bool = False) -> int:
    """A job of baseline, bssl, shs, prune or scratch, on its first node, which has the script besides.

    `may_have_teacher`: of prune or scratch, whose models learn from the control where the settings say so.
    """
    model, layers = settings.model, settings.model.encoder_layers + settings.model.decoder_layers
    in_layers = layers * (KEPT_PER_WIDTH * model.d_model + KEPT_PER_FFN * model.ffn_dim)
    kept = in_layers + KEPT_PER_PIECE * settings.corpus.vocabulary_size
    nodes = settings.training.nodes
    processes = settings.training.processes // nodes
    per_weight = WAITING_BYTES_PER_WEIGHT + processes * TRAINING_BYTES_PER_WEIGHT
    programs = 1 + processes  # the script, and who it waits for
    if settings.training.processes > 1:
        per_weight += processes * AVERAGING_BYTES_PER_WEIGHT
        programs += 1 if nodes == 1 else 2  # torchrun; what starts it on all nodes
    taught = 0
    if may_have_teacher and has_teacher(settings):
        per_weight += processes * TEACHER_BYTES_PER_WEIGHT
        taught = processes * TEACHER_MB
    held = per_weight * count_weights(settings) + 4 * kept * settings.training.max_tokens / nodes
    return round(HEADROOM * (SNAKEMAKE + programs * TORCH + taught + held / MB))


def selection(settings: Settings) -> int:
    """A job of select_lines: one model and its scores."""
    return SNAKEMAKE + TORCH + TRANSLATION_BYTES_PER_WEIGHT * count_weights(settings) // MB


def compaction(settings: Settings) -> int:
    """A job of compact."""
    return SNAKEMAKE + TORCH + COMPACTION_BYTES_PER_WEIGHT * count_weights(settings) // MB + 200


def translation(settings: Settings) -> int:
    """A job of translate: an engine without PyTorch, its batches."""
    return SNAKEMAKE + 500 + TRANSLATION_BYTES_PER_WEIGHT * count_weights(settings) // MB


def timing(settings: Settings) -> int:
    """A job that times all models of the grid, or many sizes of each width, side by side in one process."""
    sizes = SIZES_OF_A_WIDTH * (1 + len(narrowed_widths(settings)))
    models = max(len(rival_grid(settings)) + 3, sizes)
    return SNAKEMAKE + TORCH + 300 + TIMING_BYTES_PER_WEIGHT * count_weights(settings) * models // MB
