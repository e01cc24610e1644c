"""Putting the aarch64 bundle together: which files, where, and a tar that comes out the same each time."""

import gzip
import io
import logging
import re
import struct
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from tprune.atomic import atomic_path, write_json
from tprune.errors import TPruneError
from tprune.latency.bundle import ARCHITECTURE, LOADER, MANIFEST, PYTHON, Bundle, file_sha256
from tprune.latency.bundle_packages import Package, fetch_packages

logger = logging.getLogger(__name__)

MODIFIED = 315619200  # 1980-01-02, the time that every file bears: zip, and so Python, knows none before 1980
EXECUTABLE = frozenset({LOADER, PYTHON})
# Parts of the standard library that no measurement uses, and extensions whose libraries are not here.
DROPPED_MODULES = frozenset(
    {"test", "idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip", "venv", "pydoc_data"}
    | {"sqlite3", "dbm", "curses", "sitecustomize.py", "EXTERNALLY-MANAGED"}
)
DROPPED_EXTENSIONS = (
    *("_test", "_xx", "xx", "_bz2", "_crypt", "_curses", "_dbm", "_hashlib", "_lzma", "_sqlite3", "_ssl"),
    *("_uuid", "nis", "ossaudiodev", "readline"),
)
_SHARED_LIBRARY = re.compile(r"(?:usr/)?lib/(?:aarch64-linux-gnu/)?([^/]+\.so\.\d+)")


def make_bundle(archive: str | Path, ctranslate2: str, cache: Path) -> Bundle:
    """Fetch the packages and write `archive`, and its manifest beside it.

    `ctranslate2` is its version; `cache` keeps downloads. Raises TPruneError (see `fetch_packages`).
    """
    archive = Path(archive)
    packages = fetch_packages(ctranslate2, cache)
    files = dict(_of_debian(packages.debian, packages.python))
    files.update(_of_wheel(packages.wheel, packages.python))
    for needed in (LOADER, PYTHON, "lib/libc.so.6", f"lib/python{packages.python}/os.py"):
        if needed not in files:
            raise TPruneError(f"bundle: no {needed} in the packages: apt's suite is laid out differently")
    unpacked = write_archive(archive, files)
    write_json(
        archive.with_name(MANIFEST),
        {
            "architecture": ARCHITECTURE,
            "archive": archive.name,
            "sha256": file_sha256(archive),
            "archive_bytes": archive.stat().st_size,
            "unpacked_bytes": unpacked,
            "files": len(files),
            "python": packages.python,
            "ctranslate2": ctranslate2,
            "packages": [
                {**asdict(package), "path": package.path.name}
                for package in (*packages.debian, packages.wheel)
            ],
        },
    )
    bundle = Bundle.read(archive)
    logger.info("%s: %.1f MB, %.1f MB unpacked", archive, bundle.archive_bytes / 1e6, unpacked / 1e6)
    return bundle


def write_archive(archive: Path, files: Mapping[str, bytes]) -> int:
    """Write path -> content as a tar.gz that depends on nothing else; return the sum of sizes in bytes."""
    with (
        atomic_path(archive) as partial,
        partial.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), MODIFIED
            entry.mode = 0o755 if name in EXECUTABLE else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return sum(map(len, files.values()))


def place(path: str, python: str) -> str | None:
    """Where a file of a Debian package, with its path there, lies in the bundle; None where it stays out."""
    if path == f"usr/bin/python{python}":
        return PYTHON
    if found := _SHARED_LIBRARY.fullmatch(path):
        return f"lib/{found[1]}"
    library = f"usr/lib/python{python}/"
    if not path.startswith(library):
        return None
    inside = path.removeprefix(library)
    top, _, rest = inside.partition("/")
    if top in DROPPED_MODULES or "__pycache__" in inside or "/tests/" in inside or top.startswith("config-"):
        return None
    if top == "lib-dynload" and rest.startswith(DROPPED_EXTENSIONS):
        return None
    return f"lib/python{python}/{inside}"


def segments_only(content: bytes) -> bytes:
    """An ELF file (64 bit, little endian) with nothing but what is loaded; anything else as it is.

    What no segment covers serves linkers and debuggers, and makes nine tenths of CTranslate2's extension:
    zeros behind the last segment are cut, those between stay, where they pack to nothing. The section
    headers, which are among it, are marked as absent.
    """
    if content[:6] != b"\x7fELF\x02\x01":
        return content
    (headers,) = struct.unpack_from("<Q", content, 0x20)
    header_bytes, count = struct.unpack_from("<HH", content, 0x36)
    kept = [(0, 64), (headers, header_bytes * count)]
    for index in range(count):
        offset, _, _, size = struct.unpack_from("<QQQQ", content, headers + index * header_bytes + 8)
        kept.append((offset, size))
    loaded = bytearray(max(offset + size for offset, size in kept))
    for offset, size in kept:
        loaded[offset : offset + size] = content[offset : offset + size]
    struct.pack_into("<Q", loaded, 0x28, 0)  # e_shoff
    struct.pack_into("<HHH", loaded, 0x3A, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    return bytes(loaded)


def _of_debian(packages: list[Package], python: str) -> Iterator[tuple[str, bytes]]:
    for package in packages:
        logger.info("unpacking %s %s", package.name, package.version)
        with tempfile.TemporaryDirectory(prefix="tprune-bundle-") as directory:
            subprocess.run(["dpkg-deb", "--extract", str(package.path), directory], check=True)
            root = Path(directory).resolve()
            for path in sorted(root.rglob("*")):
                # Links become what they point to inside the package; any others point into a system.
                inside = path.resolve()
                wanted = place(str(path.relative_to(root)), python)
                if wanted and inside.is_file() and inside.is_relative_to(root):
                    yield wanted, segments_only(inside.read_bytes())


def _of_wheel(wheel: Package, python: str) -> Iterator[tuple[str, bytes]]:
    logger.info("unpacking %s %s", wheel.name, wheel.version)
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                target = f"lib/python{python}/dist-packages/{entry.filename}"
                yield target, segments_only(archive.read(entry))
