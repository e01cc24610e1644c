from pathlib import Path

import pytest

from tprune.latency.browser.command import main


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (("--port", "99999"), "argument --port: found '99999', must be a whole number from 0 to 65535"),
        (("--threads", "0"), "argument --threads: found '0', must be a whole number at least 1"),
        (("--sentences", "0"), "argument --sentences: found '0', must be a whole number at least 1"),
        (("--warm-up", "few"), "argument --warm-up: found 'few', must be a whole number at least 0"),
    ],
)
def test_a_number_that_cannot_be_is_named(
    option: tuple[str, str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", str(tmp_path), *option])
    assert ended.value.code == 2 and text in capsys.readouterr().err


def test_a_folder_without_models_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"holds no ONNX models .*snakemake --cores all page"):
        main(["serve", str(tmp_path)])
