"""What the server gives out: the page, onnxruntime-web, the models and the job, each under one fixed path.

Only paths in this table are served, so none leads out of it. What is the same for everyone (the page,
onnxruntime-web) is open; the rest stands under the token of the link or, so that a browser may keep it for
the next link, under its own SHA-256.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tprune.errors import TPruneError
from tprune.latency.browser import onnxruntime_web
from tprune.latency.browser.page_subwords import page_subwords
from tprune.latency.job import Artefact, Job, position_limits

PAGE = Path(__file__).parent / "page"
CONTROL = "control"
EXAMPLE_PIECES = 20
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}


@dataclass(frozen=True)
class Item:
    """One answer: bytes or a file, its media type, whether a browser may keep it for good."""

    body: bytes | Path
    media_type: str
    lasting: bool = False


class Content:
    """The table of a job; `open` by absolute path, `private` by name under the token."""

    def __init__(self, job: Job, subwords: str | Path, runtime_directory: str | Path) -> None:
        """Raise TPruneError where a file is missing."""
        self.job = job
        self.open: dict[str, Item] = {}
        for path in sorted(PAGE.iterdir()):
            if path.suffix != ".html":
                self.open[f"/page/{path.name}"] = _file(path)
        for name in onnxruntime_web.FILES:
            self.open[f"/runtime/{onnxruntime_web.VERSION}/{name}"] = _file(
                Path(runtime_directory) / name, lasting=True
            )
        self.private = {
            "": _file(PAGE / "index.html"),
            "subwords.json": _json(page_subwords(subwords)),
            "job.json": _json(self._page_job()),
        }

    def _page_job(self) -> Mapping[str, Any]:
        job = self.job
        record = {key: getattr(job, key) for key in ("threads", "beams", "seed", "cool_down", "block")}
        return {
            **record,
            "runtime": f"../runtime/{onnxruntime_web.VERSION}/",
            "runtime_version": onnxruntime_web.VERSION,
            "control": CONTROL,
            "sentences": [asdict(sentence) for sentence in job.sentences],
            "warm_up": [asdict(sentence) for sentence in job.warm_up],
            "models": [self._model(artefact) for artefact in job.artefacts],
            "example": self._example(),
        }

    def _model(self, artefact: Artefact) -> Mapping[str, Any]:
        files, size = {}, 0
        for name in ("encoder.onnx", "decoder.onnx", "config.json", "vocabulary.json"):
            path = artefact.directory / name
            item = _file(path, lasting=True)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self.open[f"/content/{digest}/{name}"] = item
            files[path.stem] = f"../content/{digest}/{name}"
            size += path.stat().st_size if path.suffix == ".onnx" else 0
        return {
            "candidate": asdict(artefact.candidate),
            "files": files,
            "bytes": size,
            "max_source_positions": position_limits(artefact.directory)[0],
        }

    def _example(self) -> str:
        """A sentence of the test set for the box, not too long."""
        short = [one.source for one in self.job.sentences if len(one.source) <= EXAMPLE_PIECES]
        pieces = max(short, key=len) if short else self.job.sentences[0].source
        if any(piece.startswith("▁") for piece in pieces):
            return "".join(pieces).replace("▁", " ").strip()
        return " ".join(pieces).replace("@@ ", "")


def _file(path: Path, lasting: bool = False) -> Item:
    if not path.is_file():
        raise TPruneError(f"{path}: is missing; run `snakemake --cores all page`, which makes it")
    return Item(path, _TYPES[path.suffix], lasting)


def _json(value: Any) -> Item:
    return Item(json.dumps(value, ensure_ascii=False).encode(), _TYPES[".json"])
