"""What lines are worth to the loss."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from tests.unit.pruning.small_model import make_model, padded_batch
from tprune.errors import TPruneError
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.transformer import Transformer
from tprune.pruning import line_importance
from tprune.pruning.line_importance import (
    batch_changes,
    line_importances,
    read_line_importances,
    write_line_importances,
)


def batch_loss(model: Transformer) -> torch.Tensor:
    batch = padded_batch()
    logits, _ = model(**batch["net_input"])
    return functional.cross_entropy(logits.flatten(0, 1), batch["target"].flatten(), ignore_index=1)  # type: ignore[attr-defined]


def test_a_change_is_the_losss_slope_when_the_whole_line_is_scaled() -> None:
    """Against central differences of the loss, all members of a coupled line scaled."""
    model, step = make_model(), 1e-5
    found = batch_changes(model, padded_batch())
    assert list(found) == coupled_sets(model.architecture)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    for group, changes in found.items():
        for head in range(group.heads):
            losses = []
            for factor in (1 + step, 1 - step):
                before = [view[head, 1].clone() for view in group.views(weights)]
                for view in group.views(weights):
                    view[head, 1] *= factor
                losses.append(batch_loss(model).detach())
                for view, stored in zip(group.views(weights), before, strict=True):
                    view[head, 1] = stored
            slope = (losses[0] - losses[1]) / (2 * step)
            torch.testing.assert_close(changes[head, 1], slope, rtol=1e-5, atol=1e-8)


def test_importances_are_the_root_of_the_mean_square(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []

    def changes_of(model: Transformer, batch: dict[str, object]) -> dict[str, torch.Tensor]:
        batches.append(batch)
        return {"set": torch.tensor([[3.0, 0.0]]) if len(batches) == 1 else torch.tensor([[-4.0, 0.0]])}

    monkeypatch.setattr(line_importance, "batch_changes", changes_of)
    monkeypatch.setattr(line_importance, "BATCHES", 2)
    monkeypatch.setattr(line_importance, "TOKENS", 40)
    found = line_importances(make_model(vocabulary=30), data, seed=1)
    assert len(batches) == 2
    torch.testing.assert_close(found["set"], torch.tensor([[12.5**0.5, 0.0]]))  # type: ignore[index]


def test_what_is_not_finite_is_refused(data: Path) -> None:
    model = make_model(vocabulary=30)
    with torch.no_grad():
        model.encoder.layers[0].fc1.weight[0, 0] = float("nan")
    with pytest.raises(TPruneError, match="diverged"):
        line_importances(model, data, seed=1)


def test_files_read_back_and_others_are_refused(tmp_path: Path) -> None:
    model, path = make_model(), tmp_path / "line_importance.json"
    found = batch_changes(model, padded_batch())
    write_line_importances(found, path)
    again = read_line_importances(path, model.architecture)
    for group, values in found.items():
        torch.testing.assert_close(again[group].double(), values, rtol=1e-6, atol=0)
    path.write_text('{"encoder.0.ffn.ffn": [[1]]}')
    with pytest.raises(TPruneError, match=r"line_importance.json: not the importance of the model's lines"):
        read_line_importances(path, model.architecture)
    write_line_importances({group: values[:, 1:] for group, values in found.items()}, path)
    with pytest.raises(TPruneError, match=r"self_attention.qk: found \(4, 3\) lines, the model has"):
        read_line_importances(path, model.architecture)
