import json
from pathlib import Path

import pytest
import sacrebleu

from tprune.errors import TPruneError
from tprune.evaluation.hypotheses import hypotheses_path
from tprune.evaluation.lines import read_lines, write_lines
from tprune.evaluation.score import score, score_files
from tprune.evaluation.significance import paired_bootstrap
from tprune.tables.sources import read_scores

REFERENCES = [
    "In the beginning God created the heavens and the earth.",
    "Now the earth was formless and empty, and darkness was on the deep.",
    "God said, “Let there be light,” and there was light.",
    "God saw the light, and saw that it was good.",
] * 10
# One word a sentence is wrong, another one in each system.
ONE = [line.replace("the", "a", 1) for line in REFERENCES]
OTHER = [line.replace("and", "or", 1) for line in REFERENCES]
WORSE = [" ".join(reversed(line.split())) for line in REFERENCES]


def test_known_scores() -> None:
    # Papineni et al. 2002 by hand: precisions 4/5, 3/4, 2/3, 1/2 and no brevity penalty.
    scores = score(["a b c d x"], ["a b c d e"], "en")
    assert scores["bleu"] == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    assert scores["sentences"] == 1
    perfect = score(REFERENCES, REFERENCES, "en")
    assert perfect["bleu"] == pytest.approx(100)
    assert perfect["chrf"] == pytest.approx(100)
    assert score(ONE, REFERENCES, "en")["chrf"] == sacrebleu.corpus_chrf(ONE, [REFERENCES]).score


@pytest.mark.parametrize(
    ("language", "tokenizer", "text"),
    [
        ("en", "13a", "let there be light"),
        ("de", "13a", "es werde Licht im Anfang"),
        ("zh", "zh", "神说要有光就有了光"),
        ("zh_CN", "zh", "神说要有光就有了光"),
        ("zh-TW", "zh", "神說要有光就有了光"),
        ("pt_BR", "13a", "haja luz no princípio"),
        ("ja", "ja-mecab", "神は光あれと言われた"),
        ("ko", "ko-mecab", "하나님이 이르시되 빛이 있으라 하시니"),
    ],
)
def test_the_tokenizer_follows_the_target_language(language: str, tokenizer: str, text: str) -> None:
    scores = score([text], [text], language)
    assert f"|tok:{tokenizer}" in scores["bleu_signature"]
    assert f"version:{sacrebleu.__version__}" in scores["chrf_signature"]
    assert scores["bleu"] == pytest.approx(100)


def test_identical_systems_do_not_differ() -> None:
    p_value, _ = paired_bootstrap(ONE, ONE, REFERENCES, "en", samples=200)
    assert p_value == 1.0


def test_two_systems_that_get_nothing_right_do_not_differ() -> None:
    systems = ([word] * len(REFERENCES) for word in ("x", "y"))
    p_value, _ = paired_bootstrap(*systems, REFERENCES, "en", samples=200)
    assert p_value == 1.0


def test_a_much_worse_system_differs() -> None:
    p_value, signature = paired_bootstrap(WORSE, ONE, REFERENCES, "en", samples=200)
    assert p_value == pytest.approx(1 / 201)
    assert "bs:200" in signature
    assert "seed:12345" in signature


def test_a_difference_in_one_sentence_of_many_is_chance() -> None:
    nearly = [WORSE[0], *ONE[1:]]
    p_value, _ = paired_bootstrap(nearly, ONE, REFERENCES, "en", samples=200)
    assert p_value > 0.1
    assert p_value == paired_bootstrap(nearly, ONE, REFERENCES, "en", samples=200)[0]


def test_scores_of_files(tmp_path: Path) -> None:
    references, out = tmp_path / "ref", tmp_path / "scores.json"
    write_lines(references, REFERENCES)
    for name, greedy in (("system", WORSE), ("control", ONE)):
        (tmp_path / name).mkdir()
        write_lines(hypotheses_path(tmp_path / name, 1), greedy)
        write_lines(hypotheses_path(tmp_path / name, 4), ONE)
    score_files(tmp_path / "system", references, tmp_path / "control", "control int8", [1, 4], "en", 200, out)
    worse, same = (read_scores(out, beam, json.loads(out.read_text())["4"]) for beam in (1, 4))
    assert same["p_value"] == 1.0
    assert worse["p_value_against"] == "control int8"
    assert worse["p_value"] < 0.05
    assert worse["bootstrap_samples"] == 200
    assert worse["bleu"] == score(WORSE, REFERENCES, "en")["bleu"]
    score_files(tmp_path / "control", references, None, "control int8", [4], "en", 200, out)
    control = json.loads(out.read_text())["4"]
    assert control["p_value"] is control["p_value_against"] is None
    assert set(control) == set(worse)
    with pytest.raises(TPruneError, match=r"scores.json: lacks the key\(s\) 1"):
        read_scores(out, 1, ["bleu"])
    with pytest.raises(TPruneError, match=r"scores.json: lacks ter of beam 4"):
        read_scores(out, 4, ["bleu", "ter"])


def test_a_file_of_another_length_is_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "ref", REFERENCES)
    write_lines(hypotheses_path(tmp_path, 4), ONE[1:])
    with pytest.raises(TPruneError, match=r"beam~4.txt: 39 lines, but .*ref has 40"):
        score_files(tmp_path, tmp_path / "ref", None, "control", [4], "en", 200, tmp_path / "out")


def test_only_line_feeds_end_lines(tmp_path: Path) -> None:
    lines = ["a\u2028b", "c\rd", "", "e\x85f"]
    write_lines(tmp_path / "text", lines)
    assert read_lines(tmp_path / "text") == lines
    write_lines(tmp_path / "text", ["two\nlines"])
    assert read_lines(tmp_path / "text") == ["two lines"]
