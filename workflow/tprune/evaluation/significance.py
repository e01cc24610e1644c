"""Whether a difference in BLEU is more than the choice of test sentences."""

from collections.abc import Sequence

from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest, Result

from tprune.language import base_language


def bleu_metric(target_lang: str) -> BLEU:
    """BLEU with the tokenizer for the language: zh, ja-mecab, ko-mecab, 13a for any other.

    sacreBLEU knows languages without a region and would take 13a for zh_CN.
    """
    return BLEU(trg_lang=base_language(target_lang))


def paired_bootstrap(
    hypotheses: Sequence[str],
    control: Sequence[str],
    references: Sequence[str],
    target_lang: str,
    samples: int,
) -> tuple[float, str]:
    """p value of the difference in BLEU between two systems, and the test's signature.

    Paired bootstrap resampling (Koehn 2004) as sacreBLEU does it, so that the number is the one
    readers know; its seed (12345 unless SACREBLEU_SEED says otherwise) stands in the signature.
    Equal scores have p 1: sacreBLEU counts only resamples strictly beyond the observed difference, and
    where there is none at all (identical translations, or BLEU 0 against 0) gives its smallest p.
    """
    test = PairedTest(
        [("control", control), ("system", hypotheses)],
        {"BLEU": bleu_metric(target_lang)},
        [list(references)],
        test_type="bs",
        n_samples=samples,
    )
    signatures, scores = test()
    signature = str(signatures["BLEU"])
    rival, result = scores["BLEU"]
    assert isinstance(rival, Result) and isinstance(result, Result) and result.p_value is not None
    return (1.0 if result.score == rival.score else result.p_value), signature
