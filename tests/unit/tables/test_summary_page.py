"""The report's page says what was found and leans on no other file."""

import pandas as pd
from planted_results import Planted

from tprune.tables import headline, page, weak_penalty

COST = pd.DataFrame({"stage": ["baseline"], "jobs": [1], "seconds": [61.0], "share": [1.0]})
WEAK = pd.DataFrame(
    [["shs", 0.003, "encoder", 1, "ffn", "ffn", 9, 0.004, 0.003]], columns=list(weak_penalty.COLUMNS)
)


def render(planted: Planted, weak: pd.DataFrame) -> str:
    table = headline.build(planted.points, planted.dtypes, planted.sources)
    return page.render(
        page.Findings(table, COST, weak, "It holds for Q & K <here>.", {"here": {"cpu": "Planted 9000"}})
    )


def test_page_holds_finding_tables_and_signatures(planted: Planted) -> None:
    text = render(planted, WEAK)
    assert "It holds for Q &amp; K &lt;here&gt;." in text
    assert text.count("<td>shs_0.01_0.35</td>") == 4
    assert "<td>-2.5 %</td>" in text
    assert "<td>2.05 to 2.15</td>" in text
    assert "<td>shs 0.003</td><td>encoder 1, ffn, ffn</td><td>0.4 %</td>" in text
    assert "Planted 9000" in text
    assert "src=" not in text
    assert "href=" not in text


def test_page_says_when_no_penalty_was_weak(planted: Planted) -> None:
    assert "Nowhere" in render(planted, WEAK.iloc[:0])
    assert "Nowhere" not in render(planted, WEAK)
