"""What each stage cost, as bars."""

import pandas as pd

from tprune.figures.canvas import GREEN, Sheet, canvas


def draw(table: pd.DataFrame, sheet: Sheet) -> None:
    """Draw stage_cost.csv: seconds summed over a stage's jobs, first stage on top."""
    with canvas(sheet, 8.0, 1.1 + 0.38 * len(table)) as figure:
        panel = figure.subplots()
        names = [str(stage).replace("_", " ") for stage in table["stage"]]
        bars = panel.barh(names, table["seconds"], color=GREEN, height=0.68)
        texts = [
            f"{seconds:.0f} s, {jobs} job{'s' if jobs > 1 else ''}, {100 * share:.0f} %"
            for seconds, jobs, share in zip(table["seconds"], table["jobs"], table["share"], strict=True)
        ]
        panel.bar_label(bars, labels=texts, padding=4, fontsize=9)
        panel.invert_yaxis()
        panel.grid(visible=False, axis="y")
        panel.set_xlim(0, 1.3 * table["seconds"].max())
        panel.set_xlabel(f"seconds, summed over jobs (all stages: {table['seconds'].sum():.0f} s)")
