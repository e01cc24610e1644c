"""The folder of a study that can be put under version control: what was found, and what made it."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


def revision() -> str | None:
    """The commit checked out here, with -dirty where files differ from it; None where there is none."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


@dataclass(frozen=True)
class Made:
    """What made a study: its `command`, the `revision` of the code, all `settings` and those that differ from
    the defaults (`configuration`), the signature of the `device` that was timed, and the `updates` after the
    baseline, by method, of the control and of SHS with its ablations.
    """

    command: str
    revision: str | None
    settings: Mapping[str, Any]
    configuration: Mapping[str, Any]
    device: Mapping[str, Any]
    updates: Mapping[str, int]


def write(
    folder: str | Path, files: Iterable[str | Path], tables: Mapping[str, pd.DataFrame], made: Made
) -> None:
    """Copy `files` into `folder`, whole or not at all, with README.md and config.yaml beside them.

    `tables` has headline, areas, equal_latency and goals, and valid_loss where the baseline was trained here.
    config.yaml has every setting, as defaults may change. README shows the figures and links other files.
    """
    files = list(files)
    with whole_directory(folder) as partial:
        for file in files:
            shutil.copy2(file, partial)
        (partial / "config.yaml").write_text(_yaml(made.settings), encoding="utf-8")
        page = readme([Path(file).name for file in files], tables, made)
        (partial / "README.md").write_text(page, encoding="utf-8")


def readme(names: Sequence[str], tables: Mapping[str, pd.DataFrame], made: Made) -> str:
    """The text of README.md of the files `names`; arguments as for `write`."""
    figures = [name for name in names if Path(name).suffix in (".png", ".svg", ".pdf")]
    headline = tables["headline"]
    scores = [
        f"- {title}: `{signature}`\n"
        for column, title in (("bleu_signature", "BLEU"), ("chrf_signature", "chrF"))
        for signature in dict.fromkeys(headline[column])
    ]
    parts = [
        "# The study\n\nMade by\n\n",
        f"    {made.command}\n\n",
        f"This page was written at revision {made.revision}. " if made.revision else "",
        f"{headline['model'].nunique()} models, every one in {', '.join(dict.fromkeys(headline['dtype']))}. "
        f"All are described in [docs/method.md](../method.md).{text.updates_text(made.updates)}\n\n",
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
        f"What differs from the default configuration (all of it: [config.yaml](config.yaml)):\n\n"
        f"```yaml\n{_yaml(made.configuration)}```\n\n",
        *scores,
        "\nThe device:\n\n",
        *(f"- {key}: {value}\n" for key, value in flat(dict(made.device))),
    ]
    return "".join(parts)


def _yaml(settings: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
