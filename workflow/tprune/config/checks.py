"""Checks that need more than one key, or the disk: each problem as (dotted key, text)."""

from collections.abc import Iterator
from pathlib import Path

from tprune.config.editions import edition_problems
from tprune.config.grid import label, requested_speedups, rival_grid
from tprune.config.settings import Settings
from tprune.config.target import REQUESTS

Problem = tuple[str, str]


def problems(settings: Settings) -> Iterator[Problem]:
    """Everything that the types alone cannot say is wrong; nothing is read but file sizes."""
    yield from _model(settings)
    yield from _training(settings)
    yield from _corpus(settings)
    yield from _baseline(settings)
    yield from _magnitude(settings)
    yield from _grid(settings)
    yield from _decoder_layers(settings)
    yield from _unpenalised(settings)
    yield from _narrowing(settings)
    yield from _scratch(settings)
    yield from _target(settings)
    yield from _plan(settings)


def _model(settings: Settings) -> Iterator[Problem]:
    model = settings.model
    if settings.baseline.checkpoint is not None:
        return
    if model.d_model % 2:
        yield "model.d_model", f"found {model.d_model}, must be even"
    if model.d_model % model.num_heads:
        yield (
            "model.num_heads",
            f"found {model.num_heads}, which does not divide model.d_model {model.d_model}",
        )
    elif settings.prune.round_to > model.d_model // model.num_heads:
        head = model.d_model // model.num_heads
        yield "prune.round_to", f"found {settings.prune.round_to}, must be at most a head's {head} lines"


def _training(settings: Settings) -> Iterator[Problem]:
    training = settings.training
    if training.max_tokens % training.processes:
        yield (
            "training.processes",
            f"found {training.processes}, must divide training.max_tokens {training.max_tokens}",
        )
    if training.processes % training.nodes:
        yield (
            "training.nodes",
            f"found {training.nodes}, must divide training.processes {training.processes}, all nodes'",
        )
    if training.gpus not in (0, training.processes):
        yield (
            "training.gpus",
            f"found {training.gpus}, must be 0 or training.processes {training.processes}: each takes one",
        )


def _corpus(settings: Settings) -> Iterator[Problem]:
    corpus = settings.corpus
    if corpus.source_lang == corpus.target_lang:
        yield "corpus.target_lang", f"found {corpus.target_lang!r}, which is corpus.source_lang too"
    max_tokens, processes = settings.training.max_tokens, settings.training.processes
    if corpus.max_pieces >= max_tokens // processes:
        limit = f"training.max_tokens {max_tokens}"
        share = f", divided among {processes} training.processes" if processes > 1 else ""
        yield "corpus.max_pieces", f"found {corpus.max_pieces}, must be less than {limit}{share}"
    if corpus.source == "files":
        yield from _files(settings)
        return
    held_out = corpus.bible.valid_percent + corpus.bible.test_percent
    if held_out >= 50:
        yield (
            "corpus.bible.test_percent",
            f"with valid_percent {held_out:g} % are held out, must be less than 50",
        )
    yield from edition_problems(corpus)


def _files(settings: Settings) -> Iterator[Problem]:
    corpus = settings.corpus
    for split in ("train", "valid", "test"):
        key = f"corpus.files.{split}"
        prefix: str | None = getattr(corpus.files, split)
        if prefix is None:
            yield key, "found nothing, must be the prefix of PREFIX.LANG files (corpus.source is files)"
            continue
        for lang in (corpus.source_lang, corpus.target_lang):
            candidates = [Path(f"{prefix}.{lang}"), Path(f"{prefix}.{lang}.gz")]
            existing = [path for path in candidates if path.is_file()]
            if not existing:
                yield key, f"found {prefix!r}, but neither {candidates[0]} nor {candidates[1]} is a file"
            elif existing[0].stat().st_size == 0:
                yield key, f"{existing[0]} is empty"


def _baseline(settings: Settings) -> Iterator[Problem]:
    baseline = settings.baseline
    companions = ("source_dictionary", "target_dictionary", "subword_model")
    if baseline.checkpoint is None:
        if baseline.warmup_updates > baseline.updates:
            yield (
                "baseline.warmup_updates",
                f"found {baseline.warmup_updates}, must be at most baseline.updates {baseline.updates}",
            )
        for name in companions:
            if getattr(baseline, name) is not None:
                yield f"baseline.{name}", "is set, but baseline.checkpoint is not: set both or neither"
        return
    if settings.corpus.source == "bible":
        yield (
            "corpus.source",
            "found bible, but baseline.checkpoint is set, which learns on from text of its own languages and "
            "is scored on it; name that text: corpus.source: files, and corpus.files",
        )
    for name in ("checkpoint", *companions):
        path: str | None = getattr(baseline, name)
        if path is None:
            yield f"baseline.{name}", "found nothing, must be set when baseline.checkpoint is"
        elif not Path(path).is_file():
            yield f"baseline.{name}", f"found {path!r}, which is not a file"


def _magnitude(settings: Settings) -> Iterator[Problem]:
    seen: set[float] = set()
    for index, match in enumerate(settings.magnitude.matches):
        key = f"magnitude.matches.{index}"
        for name, value, allowed, listed in (
            ("strength", match.strength, settings.shs.strengths, "shs.strengths"),
            ("threshold", match.threshold, settings.prune.thresholds, "prune.thresholds"),
        ):
            if value not in allowed:
                values = ", ".join(f"{item:g}" for item in allowed)
                problem = f"found {value:g}, must be in {listed}: {values}; name one of them, or set "
                if not allowed:
                    problem = f"found {value:g}, but {listed} is empty: set "
                yield f"{key}.{name}", f"{problem}magnitude.matches to []"
        if match.threshold in seen:
            yield f"{key}.threshold", f"found {match.threshold:g} again, match each threshold once"
        seen.add(match.threshold)


def _grid(settings: Settings) -> Iterator[Problem]:
    if not settings.prune.thresholds and not settings.prune.speedups:
        yield "prune.thresholds", "found none, and no prune.speedups: nothing would be pruned; name some"
    # Some methods have points of requested speed-ups alone: with one asked of all, each has a point.
    asked = settings.prune.model_copy(update={"speedups": [2.0]})
    every = rival_grid(settings.model_copy(update={"own_speedups": {}, "prune": asked}))
    methods = {point["method"] for point in every} - {"baseline"}
    requested = {point["speedup"] for point in rival_grid(settings)}
    for speedup in settings.repeated_speedups:
        if label(speedup) not in requested:
            yield "repeated_speedups", f"found {speedup:g}, which no method is asked for; see prune.speedups"
    asked_for = {point["method"] for point in every if point["speedup"] != label(0)}
    for key, known in (("repeats", methods), ("own_speedups", asked_for)):
        for name in getattr(settings, key):
            if name not in known:
                yield f"{key}.{name}", f"found {name!r}, must be one of {', '.join(sorted(known))}"


def _decoder_layers(settings: Settings) -> Iterator[Problem]:
    if settings.baseline.checkpoint is not None:
        return
    most = settings.model.decoder_layers
    layers = settings.prune.decoder_layers
    if layers is not None and layers >= most:
        yield "prune.decoder_layers", f"found {layers}, must be less than model.decoder_layers {most}"
    for name, changed in settings.ablations.items():
        # All of them is a choice too: what `prune.decoder_layers` takes away is then kept.
        if changed.decoder_layers is not None and changed.decoder_layers > most:
            yield (
                f"ablations.{name}.decoder_layers",
                f"found {changed.decoder_layers}, must be at most model.decoder_layers {most}",
            )


def _unpenalised(settings: Settings) -> Iterator[Problem]:
    for name, changed in settings.ablations.items():
        if changed.penalty == "none" and changed.relative_strengths is not None:
            yield (
                f"ablations.{name}.relative_strengths",
                f"found {changed.relative_strengths}, but ablations.{name}.penalty is none, so no strength "
                "is multiplied; leave one of them out",
            )


def _narrowing(settings: Settings) -> Iterator[Problem]:
    if settings.shs.d_model is not None:
        remedy = "or narrow an ablation (ablations.NAME.d_model) in place of SHS"
        if settings.magnitude.matches:
            yield (
                "magnitude.matches",
                "would keep the line counts of SHS, which is narrowed (shs.d_model), in a model that is not; "
                f"set it to [], {remedy}",
            )
        if requested_speedups(settings, "magnitude_matched"):
            yield (
                "own_speedups.magnitude_matched",
                "as magnitude.matches: SHS is narrowed (shs.d_model), and its rival is not; set it to [], "
                f"{remedy}",
            )
    if settings.baseline.checkpoint is not None:
        return
    model = settings.model
    keys = {f"ablations.{name}.d_model": changed.d_model for name, changed in settings.ablations.items()}
    for key, width in {"shs.d_model": settings.shs.d_model, **keys}.items():
        if width is None:
            continue
        if width >= model.d_model:
            yield key, f"found {width}, must be less than model.d_model {model.d_model}"
        if not model.pre_norm:
            yield key, f"found {width}, but only pre-norm models can be narrowed: set model.pre_norm to true"


def _scratch(settings: Settings) -> Iterator[Problem]:
    taught = {name: model for name, model in settings.scratch.items() if model.learns_from_control}
    for key in ("distillation", "sequence_distillation"):
        found = {name: getattr(model, key) for name, model in taught.items()}
        if len(set(found.values())) > 1:
            name = max(found, key=lambda name: float(found[name]))
            yield (
                f"scratch.{name}.{key}",
                f"found {str(found[name]).lower()}, but not in all of scratch that have a teacher; the "
                "tables take them as one method in several sizes: let them be taught alike",
            )
    for name, model in settings.scratch.items():
        if model.d_model is None and model.num_heads is None:
            continue
        width, heads = model.d_model or settings.model.d_model, model.num_heads or settings.model.num_heads
        if width % 2 or width % heads:
            key = "d_model" if model.d_model else "num_heads"
            yield (
                f"scratch.{name}.{key}",
                f"{heads} heads and a width of {width}: the width must be even, and the heads divide it",
            )


def _target(settings: Settings) -> Iterator[Problem]:
    asked = [key for key in REQUESTS if getattr(settings.target, key) is not None]
    if len(asked) > 1:
        yield f"target.{asked[1]}", f"is set, and target.{asked[0]} too: ask for one of them"


def _plan(settings: Settings) -> Iterator[Problem]:
    measured = settings.plan.measured
    if measured is not None and not Path(measured).is_file():
        yield "plan.measured", f"found {measured!r}, which is not a file"
