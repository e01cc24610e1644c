from pathlib import Path

import pytest
import torch

from tprune.corpus.binarise import binarise
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer


@pytest.fixture
def architecture() -> Architecture:
    """Every attention of another shape, queries and values of different sizes, stacks of uneven depth."""
    encoder = tuple(LayerShape(AttentionShape(2 + i, 3, 4 - i, 0.5), 6 + i) for i in range(2))
    decoder = (LayerShape(AttentionShape(1, 5, 2, 0.6), 7, AttentionShape(3, 2, 4, 0.7)),)
    return Architecture(
        d_model=16,
        source_vocabulary=20,
        target_vocabulary=20,
        encoder=StackShape(encoder, True, True, False, 20),
        decoder=StackShape(decoder, False, False, False, 20),
        share_embeddings="all",
        activation="gelu",
    )


@pytest.fixture
def model(architecture: Architecture) -> Transformer:
    """In double precision; no parameter is left at 0 or 1, so that biases and norms count."""
    torch.manual_seed(1)
    made = Transformer(architecture).double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data-bin with 30 sentences to train on."""
    folder = tmp_path_factory.mktemp("corpus")
    for split, sentences in (("train", 30), ("valid", 2), ("test", 2)):
        for side, letter in (("src", "a"), ("tgt", "b")):
            lines = [" ".join([letter] * (1 + i % 7) + [letter * 2]) for i in range(sentences)]
            (folder / f"{split}.{side}").write_text("".join(f"{line}\n" for line in lines))
    binarise(folder, folder / "data-bin", joined_dictionary=True, workers=1)
    return folder / "data-bin"
