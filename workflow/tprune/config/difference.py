"""What a configuration has that the defaults have not."""

from typing import Any

from tprune.config.settings import Settings


def difference(settings: Settings) -> dict[str, Any]:
    """The keys of `settings` whose values are not the defaults, nested as in YAML.

    An entry under a free name (a model from scratch, an ablation) stands whole, and so does everything under
    such names when entries of the default are left out.
    """
    return _differing(settings.model_dump(mode="json"), Settings().model_dump(mode="json"))


def _differing(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        default = defaults.get(name)
        if value == default:
            continue
        if isinstance(value, dict) and isinstance(default, dict) and default.keys() == value.keys():
            found[name] = _differing(value, default)
        else:
            found[name] = value
    return found
