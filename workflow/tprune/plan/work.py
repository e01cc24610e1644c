"""How much work a job of a rule is under a configuration: times measured under another are scaled by it."""

from dataclasses import dataclass

from tprune.config.devices import RESERVED
from tprune.config.grid import model_grid
from tprune.config.methods import narrowed_widths
from tprune.config.settings import Settings

TRAINING_RULES = ("baseline", "scratch", "bssl", "shs", "prune")
TIMED_SENTENCES_OF_SIZES = 30  # tprune.latency.random_models.MOST_SENTENCES, which needs the engine to import


@dataclass(frozen=True)
class Work:
    """`amount` in `unit`s; times are taken to grow in proportion to it, start-up apart."""

    amount: float
    unit: str


def work_of(rule: str, settings: Settings) -> Work | None:
    """The work of a job of `rule`; None where its time hangs on nothing that is configured."""
    latency, evaluate = settings.latency, settings.evaluate
    if rule in TRAINING_RULES:
        return Work(_updates(rule, settings) * settings.training.max_tokens, "updates x tokens of a batch")
    if rule == "translate":
        return Work(sum(latency.beams), "beams")
    if rule == "translate_training_text":
        return Work(settings.prune.teacher_beam, "beams of the teacher")
    if rule == "score":
        return Work(evaluate.bootstrap_samples * len(latency.beams), "bootstrap samples x beams")
    if rule in ("latency_budget", "latency_model"):
        sentences = min(latency.sentences, TIMED_SENTENCES_OF_SIZES)
        widths = 1 + len(narrowed_widths(settings)) if rule == "latency_model" else 1
        amount = widths * sentences * sum(latency.beams) * len(latency.dtypes)
        return Work(amount, "widths x sentences x beams x dtypes")
    if rule == "costs":
        return Work(_models(settings) * len(latency.beams), "models x beams")
    if rule == "latency_summary":
        samples = len(latency.beams) * latency.bootstrap_samples
        return Work(_models(settings) * samples, "models x beams x bootstrap samples")
    if rule.startswith("latency_") and rule.removeprefix("latency_") not in RESERVED:
        sentences = 2 * latency.sentences + latency.warm_up  # of own and of forced length
        return Work(_models(settings) * sentences * sum(latency.beams), "models x sentences x beams")
    return None


def _models(settings: Settings) -> int:
    return len(model_grid(settings)) * len(settings.latency.dtypes)


def _updates(rule: str, settings: Settings) -> int:
    return {
        "baseline": settings.baseline.updates,
        "scratch": settings.baseline.updates + settings.shs.updates + settings.prune.fine_tuning_updates,
        "bssl": settings.bssl.updates,
        "shs": settings.shs.updates,
        "prune": settings.prune.fine_tuning_updates,
    }[rule]


def training_threads(rule: str, settings: Settings) -> int:
    """Cores of a job of this training rule as configured."""
    threads = settings.baseline.threads if rule in ("baseline", "scratch") else settings.training.threads
    return threads * settings.training.processes
