"""Whether a difference in BLEU is more than the choice of test sentences."""

from collections.abc import Sequence

from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest, Result


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
    Identical translations have p 1: sacreBLEU's centred count would give them its smallest p.
    """
    test = PairedTest(
        [("control", control), ("system", hypotheses)],
        {"BLEU": BLEU(trg_lang=target_lang)},
        [list(references)],
        test_type="bs",
        n_samples=samples,
    )
    signatures, scores = test()
    signature = str(signatures["BLEU"])
    if list(hypotheses) == list(control):
        return 1.0, signature
    result = scores["BLEU"][1]
    assert isinstance(result, Result) and result.p_value is not None
    return result.p_value, signature
