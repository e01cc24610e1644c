"""Draw the sparsity profile: a heat map per axis, and sparsity against loss."""

from pathlib import Path

from tprune import logs
from tprune.figures import profile
from tprune.figures.canvas import Sheet
from tprune.tables.sources import read_sentence, read_table

logs.start(snakemake.log[0])
lines = read_table(snakemake.input.lines, profile.COLUMNS)
finding = read_sentence(snakemake.input.finding)
sheets = {name: Sheet(Path(path), snakemake.params.dpi) for name, path in snakemake.output.items()}
profile.draw_map(lines, "output", finding, sheets["output_map"])
profile.draw_map(lines, "input", finding, sheets["input_map"])
profile.draw_loss(lines, sheets["loss"])
