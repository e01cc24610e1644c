"""On which axis each matrix goes sparse, and whether that is what the paper found."""

from typing import Any

import pandas as pd

from tprune.profile.strengths import COUPLED_AXIS

CLAIM = "Q, K, V and FFN1 go sparse by output lines, O and FFN2 by input lines"
"""TPrune (2021): each matrix goes sparse along its `COUPLED_AXIS`."""


def dominant_axes(sweep: pd.DataFrame) -> pd.DataFrame:
    """Per matrix: mean sparsity by output and by input lines over the sweep, and the larger's axis.

    The axis is "none" where the two are equal (where nothing died, say).
    """
    means = sweep.groupby(["matrix", "axis"])["sparsity"].mean().unstack("axis").reindex(list(COUPLED_AXIS))
    axis = pd.Series("none", index=means.index)
    axis[means["output"] > means["input"]] = "output"
    axis[means["input"] > means["output"]] = "input"
    return means.assign(axis=axis, expected=pd.Series(COUPLED_AXIS)).reset_index()


def finding(axes: pd.DataFrame) -> str:
    """A sentence: does the paper's finding hold on this model, and of which matrices can nothing be said?"""
    if not axes[["output", "input"]].to_numpy().any():
        return (
            f"No line died at any strength of the sweep, so nothing can be said about the paper's finding "
            f"({CLAIM}): raise bssl.strengths."
        )
    agree = axes[axes["axis"] == axes["expected"]]
    undecided = axes[axes["axis"] == "none"]
    differ = axes[(axes["axis"] != axes["expected"]) & (axes["axis"] != "none")]
    if agree.empty and differ.empty:
        verdict = "can be neither confirmed nor denied on this model"
    elif agree.empty:
        verdict = f"does not hold on this model: it differs for {_listed(differ)}"
    elif len(differ):
        verdict = f"holds only in part on this model: it differs for {_listed(differ)}"
    elif len(undecided):
        verdict = "holds on this model where an axis leads"
    else:
        verdict = "holds on this model"
    rest = f"; undecided, as neither axis leads: {_listed(undecided)}" if len(undecided) else ""
    return f"The paper's finding ({CLAIM}) {verdict}{rest}."


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(_matrix(row) for row in rows.to_dict("records"))


def _matrix(row: dict[Any, Any]) -> str:
    leads = "" if row["axis"] == "none" else f"by {row['axis']} lines: "
    return f"{row['matrix'].upper()} ({leads}{row['output']:.3f} output, {row['input']:.3f} input)"
