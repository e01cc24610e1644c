"""What a configuration has that the defaults have not."""

from typing import Any

from tprune.config.settings import Settings


def difference(settings: Settings) -> dict[str, Any]:
    """The keys of `settings` whose values are not the defaults, nested as in YAML.

    An entry under a new name (a model from scratch, an ablation) stands whole; null stands for an entry of
    the defaults that is left out. Laid over the defaults (`snakemake --configfile`) they give `settings`.
    """
    return _differing(settings.model_dump(mode="json"), Settings().model_dump(mode="json"))


def _differing(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        default = defaults.get(name)
        if value == default:
            continue
        if isinstance(value, dict) and isinstance(default, dict):
            found[name] = _differing(value, default) | dict.fromkeys(default.keys() - value.keys())
        else:
            found[name] = value
    return found
