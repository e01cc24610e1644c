"""Makes target/: the chosen model, with what was asked, measured and scored."""

import shutil

from tprune import logs
from tprune.atomic import atomic_path, whole_directory, write_json, write_text
from tprune.tables.sources import read_record, read_scores
from tprune.target.report import TEST_KEYS, page, record

logs.start(snakemake.log[0])
files, made = snakemake.input, snakemake.output
choice = read_record(files.choice)
scores = [read_scores(path, choice["beam"], TEST_KEYS) for path in (files.scores, files.control_scores)]
target = record(choice, *scores)
for name in ("weights", "architecture"):
    with atomic_path(made[name]) as partial:
        shutil.copyfile(files[name], partial)
for name in ("float32", "int8"):
    with whole_directory(made[name]) as partial:
        shutil.copytree(files[name], partial, dirs_exist_ok=True)
write_json(made.record, target)
write_text(made.page, page(target))
