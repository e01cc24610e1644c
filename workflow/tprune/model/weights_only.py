"""Reading a fairseq checkpoint without running anything it names.

A pickle may name any function and have it called. torch's weights-only reader calls none but those that
rebuild tensors. The few classes of which stock checkpoints keep objects beside the weights (options,
meters, settings) are not built either: an inert stand-in takes what belongs to them.
"""

import pickletools
import re
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from pickle import UnpicklingError
from typing import IO, Any

import torch

from tprune.errors import TPruneError

# What stock checkpoints of fairseq 0.6 to 0.12 name besides torch's own rebuilding functions.
_EXPECTED = re.compile(
    r"fairseq\.|omegaconf\.|typing\.|_operator\.getitem$|numpy\.dtype$|numpy\._?core\.multiarray\.scalar$|"
    r"builtins\.(dict|list|tuple|int|float|bool|str)$"
)
_KEYS = ("args", "cfg", "model")
_PICKLES_BEFORE_STORAGE = 4  # of torch's format before 1.6: magic number, protocol, system, the object


class _StandIn:
    """Takes the place of an object of `_EXPECTED` classes: remembers its data and does nothing."""

    def __new__(cls, *arguments: Any) -> "_StandIn":
        return object.__new__(cls)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            vars(self).update(state)


def read_weights_only(path: str | Path) -> dict[str, Any]:
    """`args`, `cfg` and `model` of a checkpoint as dictionaries, lists, values and CPU tensors, or None.

    A pickle that names anything but data is refused with a TPruneError, before anything of it runs; so is
    a file that is no checkpoint.
    """
    try:
        allowed: list[Any] = [(_StandIn, name) for name in _names(Path(path)) if _EXPECTED.match(name)]
        with torch.serialization.safe_globals([*allowed, Namespace, defaultdict]):
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        raise TPruneError(
            f"{path}: refused, since reading it would run code"
            f"{f' ({named[1]})' if named else ''}; a checkpoint holds only weights and fairseq's options"
        ) from error
    # Whatever a damaged file leads to (EOFError, struct.error, KeyError ...), the user must be told this.
    except Exception as error:
        raise TPruneError(f"{path}: cannot be read as a fairseq checkpoint ({error})") from error
    if not isinstance(stored, dict):
        raise TPruneError(f"{path}: not a fairseq checkpoint: it holds a {type(stored).__name__}")
    return {key: _plain(stored.get(key)) for key in _KEYS}


def _plain(value: Any) -> Any:
    if isinstance(value, _StandIn):
        held = vars(value)
        if "_content" in held:  # omegaconf's DictConfig and ListConfig
            return _plain(held["_content"])
        if "_val" in held:  # its leaves
            return _plain(held["_val"])
        arguments = held.get("arguments", ())
        return _plain(arguments[0]) if len(arguments) == 1 else None  # an enumeration's value
    if isinstance(value, Namespace):
        return _plain(vars(value))
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value


def _names(path: Path) -> set[str]:
    """Every module.name that the pickle refers to, found without unpickling."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            return {name for _ in range(_PICKLES_BEFORE_STORAGE) for name in _named(file)}
        with zipfile.ZipFile(file) as archive:
            entry = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            with archive.open(entry) as pickled:
                return set(_named(pickled))


def _named(file: IO[bytes]) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "GLOBAL":
            module, name = str(argument).split(" ", 1)
            # The reader, too, takes pickle protocol 2's names for today's.
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            yield f"{module}.{name}"
