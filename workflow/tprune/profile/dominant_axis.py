"""On which axis each matrix goes sparse, and whether that is what the paper found."""

from typing import Any

import pandas as pd

EXPECTED = {"q": "output", "k": "output", "v": "output", "ffn1": "output", "o": "input", "ffn2": "input"}
"""TPrune (2021): Q, K, V and FFN1 go sparse by output lines, O and FFN2 by input lines."""


def dominant_axes(sweep: pd.DataFrame) -> pd.DataFrame:
    """Per matrix: mean sparsity by output and by input lines over the sweep, and the larger's axis.

    The axis is "none" where the two are equal (where nothing died, say).
    """
    means = sweep.groupby(["matrix", "axis"])["sparsity"].mean().unstack("axis").reindex(list(EXPECTED))
    axis = pd.Series("none", index=means.index)
    axis[means["output"] > means["input"]] = "output"
    axis[means["input"] > means["output"]] = "input"
    return means.assign(axis=axis, expected=pd.Series(EXPECTED)).reset_index()


def finding(axes: pd.DataFrame) -> str:
    """A sentence: does the paper's finding hold on this model?"""
    agree = axes[axes["axis"] == axes["expected"]]
    differ = axes[axes["axis"] != axes["expected"]]
    claim = "Q, K, V and FFN1 go sparse by output lines, O and FFN2 by input lines"
    if differ.empty:
        return f"The paper's finding holds on this model: {claim}."
    exceptions = ", ".join(_exception(row) for row in differ.to_dict("records"))
    holds = "does not hold on this model" if agree.empty else "holds only in part on this model"
    return f"The paper's finding ({claim}) {holds}: it differs for {exceptions}."


def _exception(row: dict[Any, Any]) -> str:
    leads = "no axis leads" if row["axis"] == "none" else f"by {row['axis']} lines"
    return f"{row['matrix'].upper()} ({leads}: {row['output']:.3f} output, {row['input']:.3f} input)"
