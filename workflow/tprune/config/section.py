"""What every part of the configuration has in common, and the bounds its values share."""

from collections import Counter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """Unknown keys and values of another type are errors; a section cannot be changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _number(value: object) -> object:
    # YAML 1.1 reads `1e-3`, which has no dot, as text.
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _text(value: object) -> object:
    # An edition such as `4` is a name; YAML reads it as a number unless it is quoted.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _distinct(values: list[Any]) -> list[Any]:
    # Compared as they are written in file names: 0.1 and 0.10 are the same point of a sweep.
    names = [format(value, "g") if isinstance(value, float) else value for value in values]
    repeated = sorted(str(name) for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise ValueError(f"list each value once ({', '.join(repeated)} is repeated)")
    return values


# Bounds stand before these, next to the type, so that the JSON schema states them too.
_READ_NUMBER = BeforeValidator(_number)
_READ_TEXT = BeforeValidator(_text)

Strength = Annotated[float, Field(gt=0), _READ_NUMBER]
"""The weight of a penalty."""

Threshold = Annotated[float, Field(gt=0, lt=1), _READ_NUMBER]
"""A line norm, as a fraction of the largest in its head."""

Speedup = Annotated[float, Field(gt=1, le=100), _READ_NUMBER]
"""A requested speed-up over the dense model."""

LearningRate = Annotated[float, Field(gt=0, le=1), _READ_NUMBER]
"""The peak of the learning rate."""

Percent = Annotated[float, Field(gt=0, lt=50), _READ_NUMBER]
"""A share of the corpus, in percent."""

Probability = Annotated[float, Field(ge=0, lt=1), _READ_NUMBER]
"""A probability that must not be certainty, as of dropout."""

Norm = Annotated[float, Field(ge=0), _READ_NUMBER]
"""A length."""

Seconds = Annotated[float, Field(ge=0), _READ_NUMBER]
"""A span of time."""

Count = Annotated[int, Field(ge=1)]
"""A whole number of things, at least one."""

Width = Annotated[int, Field(ge=2)]
"""Channels of a residual stream; a layer norm of one would have nothing to say."""

EditionName = Annotated[str, Field(min_length=1), _READ_TEXT]
"""The short name of an edition inside its package."""

LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}([_-][A-Za-z]{2,4})?$")]
"""A language as in file names: `de`, `en`, `zh`, `pt_BR`."""

Distinct = AfterValidator(_distinct)
"""Marks a list in which nothing may stand twice."""
