import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from stock_models import stock, write_dictionary

from tprune.errors import TPruneError
from tprune.model.fairseq_checkpoint import load_fairseq_checkpoint


class RunsCode:
    """A pickle of it creates `trace` when it is read."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old_format"])
@pytest.mark.parametrize("place", ["model", "cfg", "extra_state", "whole"])
def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, zipped: bool, place: str) -> None:
    reference = stock(tmp_path, [])
    trace = tmp_path / "code_was_run"
    stored = torch.load(reference.save(), weights_only=False)
    stored = RunsCode(trace) if place == "whole" else stored | {place: RunsCode(trace)}
    path = tmp_path / "malicious.pt"
    torch.save(stored, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(TPruneError, match=r"malicious\.pt: refused.*run code \(\w+\.mkdir\)"):
        load_fairseq_checkpoint(path, *reference.dictionaries)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists(), "the test's pickle runs no code"


class Planted:
    """Stands in for a class of fairseq's: reading it must not run what that class does."""

    touched: ClassVar[list[str]] = []

    def __setstate__(self, state: dict[str, str]) -> None:
        self.touched.append("state")


def test_classes_of_fairseq_are_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairseq import meters

    reference = stock(tmp_path, [])
    monkeypatch.setattr(meters, "Planted", Planted, raising=False)
    monkeypatch.setattr(Planted, "__module__", "fairseq.meters")
    stored = torch.load(reference.save(), weights_only=False)
    planted = Planted()
    planted.average = 3.0  # type: ignore[attr-defined]
    stored["extra_state"]["train_meters"] = {"loss": planted}
    torch.save(stored, tmp_path / "meters.pt")
    load_fairseq_checkpoint(tmp_path / "meters.pt", *reference.dictionaries)
    assert Planted.touched == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("adaptive_softmax_cutoff", "5,10"),
        ("adaptive_input", True),
        ("no_cross_attention", True),
        ("cross_self_attention", True),
        ("no_token_positional_embeddings", True),
        ("char_inputs", True),
        ("merge_src_tgt_embed", True),
        ("base_layers", 1),
        ("activation_fn", "tanh"),
        ("activation_fn", "gelu_accurate"),
        ("decoder_embed_dim", 32),
        ("decoder_output_dim", 8),
        ("encoder_layers_to_keep", "0,2"),
    ],
)
def test_unsupported_options_are_named(tmp_path: Path, option: str, value: Any) -> None:
    reference = stock(tmp_path, [])
    stored = torch.load(reference.save(), weights_only=False)
    setattr(stored["cfg"]["model"], option, value)
    torch.save(stored, tmp_path / "other.pt")
    with pytest.raises(TPruneError, match=rf"other\.pt: its option {option} \({value}\)"):
        load_fairseq_checkpoint(tmp_path / "other.pt", *reference.dictionaries)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arch": "nonautoregressive_transformer"}, "arch nonautoregressive_transformer"),
        ({"encoder_attention_heads": None}, "its options lack encoder_attention_heads"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    reference = stock(tmp_path, [])
    stored = torch.load(reference.save(), weights_only=False)
    options = stored["cfg"]["model"]
    for name, value in change.items():
        delattr(options, name) if value is None else setattr(options, name, value)
    torch.save(stored, tmp_path / "other.pt")
    with pytest.raises(TPruneError, match=message):
        load_fairseq_checkpoint(tmp_path / "other.pt", *reference.dictionaries)


@pytest.mark.parametrize(
    ("extra", "missing", "message"),
    [
        ("decoder.layers.0.ffn_layernorm.weight", "", r"weights decoder\.layers\.0\.ffn_layernorm\.weight"),
        ("", "encoder.layers.1.fc1.weight", r"there is no encoder\.layers\.1\.fc1\.weight"),
        ("", "decoder.layers.0.fc2.bias", r"decoder\.layers\.0\.fc2\.bias"),
    ],
)
def test_weights_of_another_model_are_named(tmp_path: Path, extra: str, missing: str, message: str) -> None:
    reference = stock(tmp_path, [])
    stored = torch.load(reference.save(), weights_only=False)
    stored["model"].pop(missing, None)
    if extra:
        stored["model"][extra] = torch.ones(20)
    torch.save(stored, tmp_path / "other.pt")
    with pytest.raises(TPruneError, match=message):
        load_fairseq_checkpoint(tmp_path / "other.pt", *reference.dictionaries)


def test_a_dictionary_of_another_size_is_named(tmp_path: Path) -> None:
    reference = stock(tmp_path, [])
    path = reference.save()
    source, target = reference.dictionaries
    with pytest.raises(TPruneError, match=r"dict\.src\.txt: 18 entries .* was trained with 21"):
        load_fairseq_checkpoint(path, source, source)
    with pytest.raises(TPruneError, match=r"absent\.txt: cannot be read as a fairseq dictionary"):
        load_fairseq_checkpoint(path, source, tmp_path / "absent.txt")
    load_fairseq_checkpoint(path, source, target)


def test_shared_embeddings_need_one_dictionary(tmp_path: Path) -> None:
    reference = stock(tmp_path, ["--share-all-embeddings"])
    path = reference.save()
    write_dictionary(tmp_path / "other.txt", "u", 14)
    with pytest.raises(TPruneError, match=r"other\.txt differ"):
        load_fairseq_checkpoint(path, reference.dictionaries[0], tmp_path / "other.txt")


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    reference = stock(tmp_path, [])
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(TPruneError, match=r"broken\.pt: cannot be read as a fairseq checkpoint"):
        load_fairseq_checkpoint(path, *reference.dictionaries)


def test_a_checkpoint_cut_short_is_named(tmp_path: Path) -> None:
    reference = stock(tmp_path, [])
    path = reference.save()
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(TPruneError, match=r"checkpoint\.pt: (cannot be read|refused)"):
        load_fairseq_checkpoint(path, *reference.dictionaries)
