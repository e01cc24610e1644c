"""The whole configuration as one typed value."""

from typing import Annotated

from pydantic import Field

from tprune.config.ablations import Ablation, AblationName
from tprune.config.baseline import Baseline
from tprune.config.bssl import Bssl
from tprune.config.corpus import Corpus
from tprune.config.devices import Devices
from tprune.config.evaluate import Evaluate
from tprune.config.figures import Figures
from tprune.config.group_lasso import GroupLasso
from tprune.config.latency import Latency
from tprune.config.magnitude import Magnitude
from tprune.config.model import Model
from tprune.config.plan import Plan
from tprune.config.prune import Prune
from tprune.config.scratch import ScratchModel, ScratchModels, allow_nulls
from tprune.config.section import Distinct, Section, Speedup
from tprune.config.shs import Shs
from tprune.config.target import Target
from tprune.config.training import Training


class Settings(Section):
    """Every key of config/config.yaml; what is left out has its default."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        default=1, description="Seed of every random choice: same seed, machine and threads, same tables."
    )
    results_dir: Annotated[str, Field(pattern=r"^[^{}]*[^{}/]$")] = Field(
        default="results", description="Folder of everything that is made, relative to the Snakefile's."
    )
    corpus: Corpus = Field(default_factory=Corpus, description="The parallel text.")
    model: Model = Field(
        default_factory=Model, description="Sizes of the baseline; unused when `baseline.checkpoint` is set."
    )
    training: Training = Field(
        default_factory=Training, description="What all stages that train have in common."
    )
    baseline: Baseline = Field(default_factory=Baseline, description="The model that is pruned.")
    bssl: Bssl = Field(
        default_factory=Bssl,
        description="Block-wise structured sparsity learning: shows where lines die; nothing is pruned.",
    )
    shs: Shs = Field(
        default_factory=Shs, description="Structured Hoyer-square: the penalty that makes lines prunable."
    )
    prune: Prune = Field(
        default_factory=Prune, description="Masking under a threshold, then fine-tuning with the masks held."
    )
    magnitude: Magnitude = Field(default_factory=Magnitude, description="The rival without a penalty.")
    group_lasso: GroupLasso = Field(
        default_factory=GroupLasso, description="The rival penalty; built by the target `rivals` only."
    )
    scratch: ScratchModels = Field(
        default={"shallow": ScratchModel()},
        description="Smaller dense models trained from scratch, each under a name [a-z0-9]+, `null` to leave "
        "one out; built by the target `rivals` only. Left out when `baseline.checkpoint` is set.",
        json_schema_extra=allow_nulls,
    )
    ablations: dict[AblationName, Ablation] = Field(
        default={},
        description="SHS with other choices, each under a name NAME [a-z0-9]+ (method `shs-NAME`); built by "
        "the target `rivals` only.",
        json_schema_extra={"additionalProperties": False},
    )
    repeats: dict[str, Annotated[int, Field(ge=1, le=99)]] = Field(
        default={},
        description="How often a method is run, each time with another seed, by its name in the tables; left "
        "out: once. All repeats start from the one baseline.",
    )
    repeated_speedups: Annotated[list[Speedup], Distinct] = Field(
        default=[],
        description="The requested speed-ups that `repeats` holds for, models at others are made once; left "
        "empty: all. Models without one (of a threshold, control, from scratch) are always repeated.",
    )
    own_speedups: dict[str, Annotated[list[Speedup], Distinct]] = Field(
        default={},
        description="Requested speed-ups of a method, by its name in the tables, in place of "
        "`prune.speedups`.",
    )
    evaluate: Evaluate = Field(
        default_factory=Evaluate, description="Translation quality on the test set, of every model."
    )
    latency: Latency = Field(default_factory=Latency, description="Timing on every device, batch 1.")
    devices: Devices = Field(
        default_factory=Devices, description="The devices that are timed, and how they are treated."
    )
    target: Target = Field(
        default_factory=Target,
        description="What is asked of the one model that the target `target` ends with: exactly one of "
        "`speedup`, `milliseconds` and `bleu_change_percent`.",
    )
    figures: Figures = Field(default_factory=Figures, description="How figures are drawn.")
    plan: Plan = Field(
        default_factory=Plan, description="What the target `plan` foretells of the cost of the run."
    )
