"""The committed configuration files are what the models generate, and all of them load."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tprune.config import Settings, load_settings
from tprune.config.document import default_yaml, key_tables, schema_json
from tprune.config.generate import generated

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.mark.parametrize("path", generated(CONFIG), ids=lambda path: path.name)
def test_committed_file_is_the_generated_one(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated(CONFIG)[path], (
        "run: .venv/bin/python -m tprune.config.generate"
    )


def test_default_file_gives_the_defaults() -> None:
    assert load_settings(yaml.safe_load(default_yaml()), "config.yaml") == Settings()


def test_default_file_is_complete() -> None:
    assert yaml.safe_load(default_yaml()) == Settings().model_dump()


def test_every_key_stands_under_its_description() -> None:
    lines = default_yaml().splitlines()
    keys = [index for index, line in enumerate(lines) if line and not line.lstrip().startswith("#")]
    bare = [lines[index].strip() for index in keys if not lines[index - 1].lstrip().startswith("#")]
    # The name of a model from scratch is the user's own.
    assert bare == ["shallow:"]


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As `snakemake --configfile` lays one file over another."""
    both = {key: merged(base[key], over[key]) for key in base.keys() & over if isinstance(over[key], dict)}
    return base | over | both


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_file_is_valid(path: Path) -> None:
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    load_settings(merged(Settings().model_dump(), value), path.name)
    jsonschema.validate(value, json.loads(schema_json()))


@pytest.mark.parametrize(
    "value",
    [{"sead": 1}, {"shs": {"strengths": [-1]}}, {"scratch": {"A": {}}}, {"figures": {"dpi": 1}}],
    ids=str,
)
def test_schema_refuses_what_the_models_refuse(value: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, json.loads(schema_json()))


def test_readme_keeps_what_people_wrote() -> None:
    readme = (CONFIG / "README.md").read_text(encoding="utf-8")
    changed = readme.replace("# Configuration", "# Settings").replace("| `seed` |", "| `sead` |")
    assert key_tables(changed) == readme.replace("# Configuration", "# Settings")
