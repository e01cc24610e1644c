import pytest
from snakemake.utils import update_config

from tprune.config.difference import difference
from tprune.config.settings import Settings


def test_only_what_differs_from_the_defaults_is_told() -> None:
    assert difference(Settings()) == {}
    changed = Settings.model_validate({"seed": 3, "shs": {"updates": 7}, "corpus": {"bible": {"books": [1]}}})
    assert difference(changed) == {"seed": 3, "shs": {"updates": 7}, "corpus": {"bible": {"books": [1]}}}


@pytest.mark.parametrize(
    "scratch",
    [
        {"tiny": {"decoder_layers": 1}},
        {"shallow": {"decoder_layers": 1}},
        {"shallow": None, "tiny": {"decoder_layers": 1}},
        {"shallow": None},
    ],
)
def test_laid_over_the_defaults_it_makes_the_same_configuration_again(
    scratch: dict[str, dict[str, int] | None],
) -> None:
    changed = Settings.model_validate({"scratch": scratch, "prune": {"thresholds": [0.3]}})
    laid_over = Settings().model_dump(mode="json")
    update_config(laid_over, difference(changed))
    assert Settings.model_validate(laid_over) == changed


def test_null_leaves_a_model_from_scratch_out() -> None:
    assert Settings.model_validate({"scratch": {"shallow": None}}).scratch == {}
