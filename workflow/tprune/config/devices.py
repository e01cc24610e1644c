"""The sheet of devices that latency is measured on, and key `devices`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from tprune.config.latency import Latency
from tprune.config.section import Count, Seconds, Section
from tprune.errors import TPruneError

Kind = Literal["local", "ssh", "adb", "browser"]
COLUMNS = ("name", "kind", "address", "engine", "threads", "beam", "dtype", "notes")
# The first engine of a kind is its default.
ENGINES: dict[str, tuple[str, ...]] = {
    "local": ("ctranslate2", "onnxruntime"),
    "ssh": ("ctranslate2", "onnxruntime"),
    "adb": ("ctranslate2",),
    "browser": ("onnxruntime-web",),
}
GREEDY = ("onnxruntime", "onnxruntime-web")  # engines whose loop has no beam search
RESERVED = ("budget", "budget_figure", "model", "summary")  # latency_NAME is a rule of its own
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ADDRESS = re.compile(r"[^\s-]\S*")
_BROWSER_ADDRESS = re.compile(r"(headless|adb:\S*)?")


class Devices(Section):
    """Where the sheet is, and how devices other than this machine are treated."""

    sheet: str = Field(
        default="config/devices.tsv", description="Sheet of the devices, relative to the Snakefile's folder."
    )
    keep: bool = Field(default=False, description="Leave what was copied to a device there.")
    cool_down: Seconds = Field(
        default=5.0,
        description="Rest of a device of another kind than local after ten sentences, in seconds.",
    )
    ssh_config: str | None = Field(
        default=None, description="ssh configuration to use in place of ~/.ssh/config."
    )
    connect_timeout: Count = Field(
        default=15, description="Seconds until a device that does not answer is given up."
    )
    page_host: str = Field(
        default="127.0.0.1",
        description="Address that the page of kind browser is served on; 0.0.0.0 for the whole network.",
    )
    page_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8765, description="Its port; 0 for any that is free."
    )
    page_timeout: Count = Field(
        default=1800, description="Seconds without a sign of life until a browser is given up."
    )
    page_certificate: str | None = Field(
        default=None, description="Certificate (PEM) to serve the page by https with."
    )
    page_key: str | None = Field(default=None, description="The certificate's key (PEM).")


@dataclass(frozen=True)
class Device:
    """One row of the sheet, defaults filled in."""

    name: str
    kind: Kind
    address: str
    engine: str
    threads: int
    beams: tuple[int, ...]
    dtypes: tuple[str, ...]
    notes: str = ""

    def measured(self) -> dict[str, Any]:
        """What shapes a measurement, as plain values: all but the notes."""
        return {key: value for key, value in asdict(self).items() if key != "notes"}


@dataclass(frozen=True)
class _Cell:
    """A cell and where it stands, for errors."""

    path: Path
    line: int
    column: str
    text: str

    def error(self, allowed: str) -> TPruneError:
        found = repr(self.text) if self.text else "nothing"
        return TPruneError(f"{self.path}, line {self.line}, column {self.column}: found {found}, {allowed}")


def read_devices(path: str | Path, latency: Latency) -> list[Device]:
    """Read the sheet; an empty cell takes its default from the kind or from section `latency`.

    Raises TPruneError with file, line and column where the sheet is not as it must be.
    """
    path = Path(path)
    devices: list[Device] = []
    for row in _rows(path):
        device = _device(row, latency)
        if device.name in [other.name for other in devices]:
            raise row["name"].error("which stands further up already; give each device a name of its own")
        devices.append(device)
    if not any(device.kind == "local" for device in devices):
        raise TPruneError(
            f"{path}: no device of kind local; add one, as the line 'local<TAB>local': its latency stands in "
            "the table's first columns"
        )
    return devices


def check_targets(words: Iterable[str], devices: Sequence[Device], path: str | Path) -> None:
    """See that the sheet `path` has the device of every target `latency_NAME` on a command line.

    Words that are more than such a name belong to options (`latency_pi:mem_mb=9000`), or are files.
    Raises TPruneError where a device is not in the sheet.
    """
    names = [device.name for device in devices]
    for word in words:
        name = word.removeprefix("latency_")
        is_target = name != word and _NAME.fullmatch(name) and not Path(word).exists()
        if is_target and name not in (*names, *RESERVED):
            raise TPruneError(
                f"target {word}: {path} has no device {name!r}, only {', '.join(names)}; name one of them "
                "or give it a line"
            )


def reference_device(devices: Sequence[Device]) -> Device:
    """The first of kind local, whose latency stands in the table's plain columns."""
    return next(device for device in devices if device.kind == "local")


def _rows(path: Path) -> Iterator[dict[str, _Cell]]:
    """The rows as cells by column; comments and empty lines are skipped, short rows filled up."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TPruneError(
            f"{path}: cannot be read ({error}); devices.sheet must name the sheet of devices"
        ) from error
    header: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if header is None:
            header = cells
            if sorted(header) != sorted(COLUMNS):
                raise TPruneError(
                    f"{path}, line {number}: the columns are {', '.join(header)}; must be "
                    f"{', '.join(COLUMNS)}, separated by tabs"
                )
            continue
        if len(cells) > len(header):
            raise TPruneError(
                f"{path}, line {number}: {len(cells)} cells, but {len(header)} columns; "
                "separate columns by one tab each"
            )
        if len(cells) == 1:
            raise TPruneError(
                f"{path}, line {number}: has no tab; separate columns by one tab each, not blanks"
            )
        cells += [""] * (len(header) - len(cells))
        yield {column: _Cell(path, number, column, text) for column, text in zip(header, cells, strict=True)}
    if header is None:
        raise TPruneError(f"{path}: has no line with the columns {', '.join(COLUMNS)}, separated by tabs")


def _device(row: dict[str, _Cell], latency: Latency) -> Device:
    kind = _choice(row["kind"], get_args(Kind))
    if kind != "local" and row["name"].text == "local":
        raise row["name"].error("which is for kind local; choose another")
    engine = _choice(row["engine"], ENGINES[kind], ENGINES[kind][0])
    return Device(
        name=_name(row["name"]),
        kind=kind,  # type: ignore[arg-type]
        address=_address(row["address"], kind),
        engine=engine,
        threads=_counts(row["threads"], [latency.threads], single=True)[0],
        beams=_beams(row["beam"], engine, latency),
        dtypes=_dtypes(row["dtype"], latency),
        notes=row["notes"].text,
    )


def _name(cell: _Cell) -> str:
    if not _NAME.fullmatch(cell.text):
        raise cell.error("must be lower-case letters, digits and _, a letter first")
    if cell.text in RESERVED:
        raise cell.error(f"which the rule latency_{cell.text} has already; choose another")
    return cell.text


def _choice(cell: _Cell, allowed: Sequence[str], default: str = "") -> str:
    text = cell.text or default
    if text not in allowed:
        raise cell.error(f"allowed: {', '.join(allowed)}")
    return text


def _address(cell: _Cell, kind: str) -> str:
    if kind == "local" and cell.text:
        raise cell.error("must be empty, as kind local is this machine")
    if kind == "ssh" and not cell.text:
        raise cell.error("must be a host of your ssh configuration, or USER@HOST, with :PORT where needed")
    if kind == "browser" and not _BROWSER_ADDRESS.fullmatch(cell.text):
        raise cell.error("must be empty (a person opens the page), headless, or adb:SERIAL")
    if cell.text and not _ADDRESS.fullmatch(cell.text):
        raise cell.error("must have no blank and not begin with -")
    return cell.text


def _beams(cell: _Cell, engine: str, latency: Latency) -> tuple[int, ...]:
    greedy = engine in GREEDY
    beams = _counts(cell, [1] if greedy else latency.beams)
    if greedy and beams != (1,):
        raise cell.error(f"must be 1, as engine {engine} decodes greedily")
    return beams


def _dtypes(cell: _Cell, latency: Latency) -> tuple[str, ...]:
    dtypes = _list(cell) or latency.dtypes
    for dtype in dtypes:
        if dtype not in latency.dtypes:
            raise cell.error(f"must be in latency.dtypes: {', '.join(latency.dtypes)}")
    return tuple(dtypes)


def _counts(cell: _Cell, default: Sequence[int], single: bool = False) -> tuple[int, ...]:
    texts = _list(cell)
    if any(not text.isascii() or not text.isdigit() or int(text) < 1 for text in texts):
        raise cell.error("must be a whole number, at least 1" + ("" if single else ", or several, as 1,4"))
    if single and len(texts) > 1:
        raise cell.error("must be one number")
    return tuple(map(int, texts)) or tuple(default)


def _list(cell: _Cell) -> list[str]:
    values = [value.strip() for value in cell.text.split(",")] if cell.text else []
    if len(set(values)) < len(values):
        raise cell.error("list each value once")
    return values
