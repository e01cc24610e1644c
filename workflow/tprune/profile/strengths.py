"""From the profile to the order in which sets can give up lines, and how hard SHS pushes each."""

import pandas as pd

MATRICES_OF = {"qk": ("q", "k"), "vo": ("v", "o"), "ffn": ("ffn1", "ffn2")}
"""The matrices whose lines a coupled set joins; each counts on the axis that couples it."""

COUPLED_AXIS = {"q": "output", "k": "output", "v": "output", "o": "input", "ffn1": "output", "ffn2": "input"}
"""The axis on which a matrix's lines belong to a coupled set."""

PLACE = ["stack", "layer", "component"]


def sensitivity_order(sweep: pd.DataFrame) -> pd.DataFrame:
    """Coupled sets from the one that gives up its lines most readily (rank 1) to the least.

    `sparsity` is the mean, over the sweep, the heads and the set's matrices, of the share of dead lines
    on the axis by which the matrix is coupled.
    """
    coupled = sweep[sweep["axis"] == sweep["matrix"].map(COUPLED_AXIS)]
    kind_of = {matrix: kind for kind, matrices in MATRICES_OF.items() for matrix in matrices}
    by_set = coupled.assign(kind=coupled["matrix"].map(kind_of)).groupby([*PLACE, "kind"], sort=False)
    order = by_set["sparsity"].mean().reset_index().sort_values("sparsity", ascending=False, kind="stable")
    return order.assign(rank=range(1, len(order) + 1)).reset_index(drop=True)


def relative_strengths(order: pd.DataFrame, lowest: float = 0.5, highest: float = 2.0) -> dict[str, float]:
    """What multiplies SHS's global strength per coupled set, by its key; the mean set has 1.

    Sets that died readily under BSSL are pushed harder: strength in proportion to sparsity, held
    between `lowest` and `highest` so that no set is left alone or pushed out. Where nothing died all are 1.
    """
    mean = order["sparsity"].mean()
    ratio = order["sparsity"] / mean if mean > 0 else order["sparsity"] * 0 + 1
    keys = order["stack"] + "." + order["layer"].astype(str) + "." + order["component"] + "." + order["kind"]
    return dict(zip(keys, ratio.clip(lowest, highest).round(4), strict=True))
