"""From the configuration as read to `Settings`, or to one error that lists every problem."""

import difflib
import re
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tprune.config.checks import problems
from tprune.config.settings import Settings
from tprune.errors import TPruneError

Location = tuple[int | str, ...]

ALLOWED = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text (in quotes where YAML would read a number, true or false)",
    "bool_type": "must be true or false",
    "list_type": "must be a list, as [a, b]",
    "dict_type": "must be keys with values under it",
    "model_type": "must be keys with values under it",
    "model_attributes_type": "must be keys with values under it",
    "invalid_key": "must be text",
    "missing": "missing; add it",
    "literal_error": "allowed: {expected}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length} item",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must match {pattern}",
    "value_error": "{error}",
}

# By kind of error, texts that come of a number, true or false, or of a section's keys on the command line.
TEXT_INSTEAD = {
    "int_type": r"-?\d+",
    "bool_type": r"(?i)true|false",
    "model_type": r".*[=:].*",
    "model_attributes_type": r".*[=:].*",
}


def load_settings(value: dict[str, Any], source: str) -> Settings:
    """Check the configuration `value`, read from the file `source`.

    Raises TPruneError with one line per problem: dotted key, what was found, what is allowed.
    """
    try:
        settings = Settings.model_validate(value)
    except ValidationError as error:
        raise _report([_line(details) for details in error.errors()], source) from None
    found = [f"{key}: {text}" for key, text in problems(settings)]
    if found:
        raise _report(found, source)
    return settings


def _report(lines: list[str], source: str) -> TPruneError:
    if len(lines) == 1:
        return TPruneError(f"{source}: {lines[0]}")
    return TPruneError("\n".join([f"{source}: {len(lines)} problems", *(f"  {line}" for line in lines)]))


def _line(details: ErrorDetails) -> str:
    location = tuple(part for part in details["loc"] if part != "[key]")
    key = ".".join(str(part) for part in location) or "the whole file"
    if details["type"] == "extra_forbidden":
        return f"{key}: unknown key; {_suggestion(location)}"
    allowed = ALLOWED.get(details["type"], details["msg"]).format(**details.get("ctx", {}))
    if details["type"] == "missing":
        return f"{key}: {allowed}"
    return f"{key}: found {_shown(details['input'])}, {allowed}{_hint(details)}"


def _hint(details: ErrorDetails) -> str:
    """What to do about a text that would be right without quotes, or stands for a section."""
    found, wanted = details["input"], TEXT_INSTEAD.get(details["type"])
    if wanted is None or not isinstance(found, str) or not re.fullmatch(wanted, found):
        return ""
    return "; this is text, as --config makes of all in a section: write it in a file, for --configfile"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _suggestion(location: Location) -> str:
    *parent, unknown = (str(part) for part in location)
    siblings = list(_section(location[:-1]).model_fields)
    if near := difflib.get_close_matches(unknown, siblings, n=1):
        return f"did you mean {'.'.join([*parent, near[0]])}?"
    if elsewhere := [key for key in _keys(Settings) if key.split(".")[-1] == unknown]:
        return f"did you mean {elsewhere[0]}?"
    return f"the keys here are {', '.join(siblings)}"


def _section(location: Location) -> type[BaseModel]:
    """The model whose keys stand at `location`: attributes, list items and entries followed."""
    kind: Any = Settings
    for part in location:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:
            kind = typing.get_args(kind)[-1]
    return typing.cast(type[BaseModel], kind)


def _keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted names of all keys, shallow ones first."""
    for name in section.model_fields:
        yield prefix + name
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{prefix}{name}.")
