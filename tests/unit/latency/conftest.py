import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tprune.compaction.ctranslate2_export import export
from tprune.latency.assignment import list_artefacts
from tprune.latency.job import Artefact
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer

PIECES = ["<s>", "<pad>", "</s>", "<unk>", *(f"p{index}" for index in range(36))]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_cores_after() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture
def pieces() -> list[str]:
    """The vocabulary of both sides."""
    return PIECES


@pytest.fixture
def uneven() -> Architecture:
    """Every layer and attention with sizes of its own, as pruning leaves them."""
    return Architecture(
        d_model=16,
        source_vocabulary=40,
        target_vocabulary=40,
        encoder=StackShape(
            (
                LayerShape(AttentionShape(2, 5, 5, 0.3), 24),
                LayerShape(AttentionShape(2, 8, 8, 0.3), 7),
            ),
            pre_norm=True,
            final_norm=True,
            learned_positions=False,
            max_positions=64,
        ),
        decoder=StackShape(
            (
                LayerShape(AttentionShape(2, 3, 3, 0.3), 20, AttentionShape(2, 6, 6, 0.3)),
                LayerShape(AttentionShape(2, 7, 7, 0.3), 33, AttentionShape(2, 2, 2, 0.3)),
                LayerShape(AttentionShape(2, 8, 8, 0.3), 12, AttentionShape(2, 4, 4, 0.3)),
            ),
            pre_norm=True,
            final_norm=True,
            learned_positions=False,
            max_positions=64,
        ),
        share_embeddings="all",
    )


@pytest.fixture
def encoded(tmp_path: Path) -> tuple[Path, Path]:
    """A test set of 12 pairs; the fourth has no reference, the fifth is longer than the positions."""
    generator = random.Random(1)
    pairs = [
        (generator.choices(PIECES[4:], k=3 + row), generator.choices(PIECES[4:], k=2 + row))
        for row in range(12)
    ]
    pairs[3] = (pairs[3][0], [])
    pairs[4] = (PIECES[4:] * 2, pairs[4][1])
    source, reference = tmp_path / "test.src", tmp_path / "test.tgt"
    source.write_text("".join(" ".join(pair[0]) + "\n" for pair in pairs), encoding="utf-8")
    reference.write_text("".join(" ".join(pair[1]) + "\n" for pair in pairs), encoding="utf-8")
    return source, reference


@pytest.fixture
def artefacts(tmp_path: Path, uneven: Architecture) -> list[Artefact]:
    """Two models in two dtypes."""
    torch.manual_seed(1)
    model = Transformer(uneven).eval()
    grid = [
        {"method": "control", "strength": "0", "threshold": "0"},
        {"method": "shs", "strength": "0.01", "threshold": "0.2"},
    ]
    directories = []
    for row in grid:
        for dtype in ("float32", "int8"):
            directories.append(tmp_path / row["method"] / dtype)
            export(model, PIECES, PIECES, directories[-1], dtype)
    return list_artefacts(grid, ["float32", "int8"], directories)
