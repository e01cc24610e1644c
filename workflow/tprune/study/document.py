"""The folder of a study that can be put under version control: what was found, and what made it."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tprune.atomic import whole_directory
from tprune.study import text
from tprune.tables.markdown import flat


def command(configuration_files: Iterable[str | Path]) -> str:
    """The call that makes the study, from the folder of the Snakefile.

    Of files outside that folder only the name stands there: their place is of no use to others.
    """
    here = Path.cwd()
    paths = [here / file for file in configuration_files]
    named = [str(path.relative_to(here)) if path.is_relative_to(here) else path.name for path in paths]
    words = ["snakemake", "--cores", "all", "study"]
    return " ".join([*words, *(["--configfile", *named] if named else [])])


def write(
    folder: str | Path,
    files: Iterable[str | Path],
    tables: Mapping[str, pd.DataFrame],
    made_by: str,
    configuration: Mapping[str, Any],
    device: Mapping[str, Any],
) -> None:
    """Copy `files` into `folder`, whole or not at all, with README.md and config.yaml beside them.

    `tables` has headline, areas, equal_latency and goals, and valid_loss where the baseline was trained here;
    `made_by` is the `command`; `configuration` is what differs from the defaults, `device` the signature of
    the device that was timed. Figures are shown by the README, other files linked.
    """
    files = list(files)
    with whole_directory(folder) as partial:
        for file in files:
            shutil.copy2(file, partial)
        described = yaml.safe_dump(dict(configuration), sort_keys=False, allow_unicode=True)
        (partial / "config.yaml").write_text(described, encoding="utf-8")
        names = [Path(file).name for file in files]
        page = readme(names, tables, made_by, described, device)
        (partial / "README.md").write_text(page, encoding="utf-8")


def readme(
    names: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    made_by: str,
    configuration: str,
    device: Mapping[str, Any],
) -> str:
    """The text of README.md; arguments as for `write`, `configuration` as YAML."""
    figures = [name for name in names if Path(name).suffix in (".png", ".svg", ".pdf")]
    headline = tables["headline"]
    scores = [
        f"- {title}: `{signature}`\n"
        for column, title in (("bleu_signature", "BLEU"), ("chrf_signature", "chrF"))
        for signature in dict.fromkeys(headline[column])
    ]
    parts = [
        "# The study\n\nMade by\n\n",
        f"    {made_by}\n\n",
        f"{headline['model'].nunique()} models, every one in {', '.join(dict.fromkeys(headline['dtype']))}. "
        "All are described in [docs/method.md](../method.md).\n\n",
        *(f"![{Path(name).stem.replace('_', ' ')}]({name})\n\n" for name in figures),
        text.goals_text(tables["goals"]).replace("# Goals", "## Goals", 1),
        "\n## BLEU at equal latency\n\n",
        text.equal_latency_text(tables["equal_latency"]),
        "\n## Areas between fronts\n\n",
        text.areas_text(tables["areas"]),
        *([text.baseline_text(tables["valid_loss"])] if "valid_loss" in tables else []),
        "\n## All tables\n\n",
        *(f"- [{name}]({name})\n" for name in sorted(names) if name not in figures),
        "\n## What made it\n\n",
        f"What differs from the default configuration ([config.yaml](config.yaml)):\n\n"
        f"```yaml\n{configuration}```\n\n",
        *scores,
        "\nThe device:\n\n",
        *(f"- {key}: {value}\n" for key, value in flat(dict(device))),
    ]
    return "".join(parts)
