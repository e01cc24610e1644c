"""From the headline table to operating points: means over seeds, with fronts marked."""

import pandas as pd

from tprune import logs
from tprune.atomic import write_text
from tprune.study import front, points, text
from tprune.tables.sources import read_table
from tprune.tables.writing import write_csv

logs.start(snakemake.log[0])
table = points.build(read_table(snakemake.input.headline, points.NEEDED), snakemake.params.placed)
settings = points.settings(table)
marked = pd.concat([front.mark_fronts(points.compared(table, *setting)) for setting in settings])
write_csv(marked, snakemake.output.csv)
write_text(snakemake.output.markdown, text.points_text(marked))
