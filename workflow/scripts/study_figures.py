"""Draw the trade-off of all methods per dtype and beam, and the areas between fronts."""

from pathlib import Path

from tprune import logs
from tprune.figures import study
from tprune.figures.canvas import Sheet
from tprune.study import area, points
from tprune.tables.sources import read_table

logs.start(snakemake.log[0])
table = read_table(snakemake.input.points, points.COLUMNS)
for (dtype, beam), path in zip(snakemake.params.settings, snakemake.output.trade_offs, strict=True):
    study.draw_trade_off(table, dtype, beam, Sheet(Path(path), snakemake.params.dpi))
areas = read_table(snakemake.input.areas, area.COLUMNS)
study.draw_areas(areas, Sheet(Path(snakemake.output.areas), snakemake.params.dpi))
