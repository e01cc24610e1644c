"""Mistakes are told before any work, each in a readable line that names the key or file."""

import pytest
import yaml

from tests.conftest import SMOKE, run_snakemake


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"bssl": {"strenghts": [0.1]}}, "bssl.strenghts: unknown key; did you mean bssl.strengths?"),
        ({"shs": {"updates": "many"}}, "shs.updates: found 'many', must be a whole number"),
        ({"shs": {"strengths": [-0.05]}}, "shs.strengths.0: found -0.05, must be greater than 0"),
        ({"corpus": {"bible": {"source_editions": ["q"]}}}, "corpus.bible.source_editions"),
    ],
)
def test_a_mistake_in_the_config_is_one_line(fresh_tree, edits: dict, expected: str) -> None:
    folder = fresh_tree()
    (folder / "mistake.yaml").write_text(yaml.safe_dump(edits))
    printed = run_snakemake(folder, "all", "--cores", "2", *SMOKE, "mistake.yaml", check=False)
    assert expected in printed
    assert not (folder / "results/smoke").exists()


def test_a_device_that_is_not_in_the_sheet_is_told(fresh_tree) -> None:
    printed = run_snakemake(fresh_tree(), "latency_phone", "--cores", "2", *SMOKE, check=False)
    assert "config/devices.tsv has no device 'phone', only local" in printed


def test_a_corpus_too_small_for_the_vocabulary_names_the_key(fresh_tree) -> None:
    folder = fresh_tree()
    edits = {"corpus": {"vocabulary_size": 32000}}
    (folder / "small.yaml").write_text(yaml.safe_dump(edits))
    printed = run_snakemake(
        folder, "results/smoke/corpus/subword.model", "--cores", "2", *SMOKE, "small.yaml", check=False
    )
    assert "corpus.vocabulary_size" in printed


def test_a_loss_that_becomes_nan_stops_the_rule_with_its_reason(tree_with_corpus) -> None:
    folder = tree_with_corpus()
    # So much that products of weights overflow after the first update, on any machine.
    edits = {"training": {"extra_arguments": ["--weight-decay", "1e30"]}}
    (folder / "nan.yaml").write_text(yaml.safe_dump(edits))
    target = "results/smoke/baseline/model.safetensors"
    printed = run_snakemake(folder, target, "--cores", "2", *SMOKE, "nan.yaml", check=False)
    assert "became NaN or infinite" in printed and "lower the learning rate" in printed
    assert not (folder / target).exists()
