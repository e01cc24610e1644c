"""BLEU and chrF of one system on detokenised text, each with its signature."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sacrebleu.metrics import CHRF

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.evaluation.hypotheses import hypotheses_path
from tprune.evaluation.lines import read_lines
from tprune.evaluation.significance import bleu_metric, paired_bootstrap

logger = logging.getLogger(__name__)


def score(hypotheses: Sequence[str], references: Sequence[str], target_lang: str) -> dict[str, Any]:
    """Corpus BLEU (see `bleu_metric`) and chrF, 0 to 100, with sacreBLEU's signatures."""
    bleu, chrf = bleu_metric(target_lang), CHRF()
    return {
        "bleu": bleu.corpus_score(hypotheses, [references]).score,
        "bleu_signature": str(bleu.get_signature()),
        "chrf": chrf.corpus_score(hypotheses, [references]).score,
        "chrf_signature": str(chrf.get_signature()),
        "sentences": len(references),
    }


def score_files(
    hypotheses: str | Path,
    references: str | Path,
    control: str | Path | None,
    control_name: str,
    beams: Sequence[int],
    target_lang: str,
    samples: int,
    output: str | Path,
) -> None:
    """Score the translations in `hypotheses`, a folder of `translate_file`, and write scores.json, by beam.

    `control` is the folder of the control's translations in the same dtype with the same beams (named
    `control_name` in the result), or None for the control itself, whose p_value is null.
    Raises TPruneError when a file has not one line for each reference.
    """
    expected = read_lines(references)
    found = {}
    for beam in beams:
        texts = _aligned(hypotheses_path(hypotheses, beam), expected, references)
        scores = score(texts, expected, target_lang)
        scores |= {
            "p_value": None,
            "p_value_against": None,
            "p_value_signature": None,
            "bootstrap_samples": samples,
        }
        if control is not None:
            rival = _aligned(hypotheses_path(control, beam), expected, references)
            p_value, signature = paired_bootstrap(texts, rival, expected, target_lang, samples)
            scores |= {"p_value": p_value, "p_value_against": control_name, "p_value_signature": signature}
        logger.info(
            "beam %d: BLEU %.2f, chrF %.2f, p %s", beam, scores["bleu"], scores["chrf"], scores["p_value"]
        )
        found[str(beam)] = scores
    write_json(output, found)


def _aligned(path: str | Path, references: list[str], references_path: str | Path) -> list[str]:
    lines = read_lines(path)
    if len(lines) != len(references):
        raise TPruneError(
            f"{path}: {len(lines)} lines, but {references_path} has {len(references)}; "
            "translate the test set again"
        )
    return lines
