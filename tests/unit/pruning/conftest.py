from pathlib import Path

import pytest

from tprune.corpus.binarise import binarise


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
