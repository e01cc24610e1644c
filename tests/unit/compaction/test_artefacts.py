import json
from pathlib import Path

import pytest
from pruned_models import dictionary, mask, random_model, sentence_pairs
from test_compact import COUPLINGS, TINY, of

from tprune.compaction.artefacts import Artefacts, CheckText, Masked, count_parameters, make_artefacts
from tprune.errors import TPruneError
from tprune.evaluation.lines import write_lines
from tprune.lines.selection import Selection
from tprune.model.checkpoint import load_model, save_model

CHOSEN = of(*(chosen for chosen, _ in COUPLINGS.values()))


def stage(
    folder: Path, selection: Selection, masked_by: Selection, lines: bool = True
) -> tuple[Masked, Artefacts]:
    model = random_model(TINY)
    mask(model, masked_by)
    save_model(model, folder / "masked.safetensors", folder / "masked.json")
    selection.write(folder / "lines.json")
    dictionary("t", 20).save(str(folder / "dict.txt"))
    pairs = sentence_pairs(TINY, count=12)
    for side, sentences in (("src", pairs.sources), ("tgt", pairs.targets)):
        write_lines(folder / f"test.{side}", (" ".join(sentence) for sentence in sentences))
    masked = Masked(
        folder / "masked.safetensors", folder / "masked.json", folder / "lines.json" if lines else None
    )
    text = CheckText(folder / "dict.txt", folder / "dict.txt", folder / "test.src", folder / "test.tgt")
    out = folder / "out"
    artefacts = Artefacts(
        out / "model.safetensors", out / "model.json", out / "float32", out / "int8", out / "check.json"
    )
    make_artefacts(masked, text, artefacts, threads=1)
    return masked, artefacts


def test_the_stage_writes_equal_and_smaller_models(tmp_path: Path) -> None:
    masked, made = stage(tmp_path, CHOSEN, CHOSEN)
    check = json.loads(Path(made.check).read_text())
    assert check["ties"] == 0
    assert check["sentences"] == 12
    assert check["max_logit_difference"] < 1e-5
    # Sums in another order differ by some 1e-14 in float64: more would be a real difference.
    assert check["max_logit_difference_float64"] < 1e-12
    assert check["max_engine_difference"] < 1e-4
    small = load_model(made.weights, made.architecture)
    removed = sum(2 * parameters for _, parameters in COUPLINGS.values())
    assert check["parameters_masked"] - check["parameters"] == removed
    assert check["parameters"] == sum(parameter.numel() for parameter in small.parameters())
    assert Path(made.weights).stat().st_size < Path(masked.weights).stat().st_size
    assert {path.name for path in Path(made.check).parent.iterdir()} == {
        "model.safetensors",
        "model.json",
        "float32",
        "int8",
        "check.json",
    }


def test_a_dense_model_passes_through(tmp_path: Path) -> None:
    masked, made = stage(tmp_path, CHOSEN, of(), lines=False)
    check = json.loads(Path(made.check).read_text())
    assert check["parameters"] == check["parameters_masked"] == count_parameters(masked.weights)
    assert Path(made.weights).read_bytes() == Path(masked.weights).read_bytes()


def test_the_stage_fails_without_a_check_when_lines_were_not_masked(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match="do not belong together"):
        stage(tmp_path, CHOSEN, of())
    assert not (tmp_path / "out" / "check.json").exists()


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_text("half a mod")
    with pytest.raises(TPruneError, match=r"broken\.safetensors"):
        count_parameters(tmp_path / "broken.safetensors")
