import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from markupsafe import _speedups  # a small extension module

from tprune.errors import TPruneError
from tprune.latency.bundle import Bundle, python_argv
from tprune.latency.bundle_archive import EXECUTABLE, place, segments_only, write_archive
from tprune.latency.bundle_packages import drop_altered, fetch_packages, pinned_version

FILES = {"lib/ld-linux-aarch64.so.1": b"loader", "bin/python3": b"python" * 99, "lib/a.py": b"a = 1\n"}


def written(folder: Path) -> Path:
    archive = folder / "bundle.tar.gz"
    unpacked = write_archive(archive, FILES)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    manifest = {
        "sha256": digest,
        "archive_bytes": archive.stat().st_size,
        "unpacked_bytes": unpacked,
        "python": "3.11",
        "ctranslate2": "1.2.3",
    }
    (folder / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    return archive


def test_archives_of_the_same_files_are_the_same(tmp_path: Path) -> None:
    first = write_archive(tmp_path / "first.tar.gz", FILES)
    write_archive(tmp_path / "second.tar.gz", dict(reversed(FILES.items())))
    assert first == sum(map(len, FILES.values()))
    assert (tmp_path / "first.tar.gz").read_bytes() == (tmp_path / "second.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "first.tar.gz") as tar:
        assert {entry.name: tar.extractfile(entry).read() for entry in tar} == FILES
        assert {entry.name for entry in tar if entry.mode & 0o111} == EXECUTABLE
        assert not any(entry.uid or entry.gid or entry.uname for entry in tar)


def test_a_bundle_is_read_and_named_by_its_content(tmp_path: Path) -> None:
    bundle = Bundle.read(written(tmp_path))
    assert bundle.folder_name == f"bundle-{bundle.sha256[:16]}"
    assert (bundle.unpacked_bytes, bundle.ctranslate2) == (sum(map(len, FILES.values())), "1.2.3")
    assert python_argv("/there")[0] == "/there/lib/ld-linux-aarch64.so.1"


def test_a_bundle_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    archive = written(tmp_path)
    with archive.open("ab") as file:
        file.write(b"0")
    with pytest.raises(TPruneError, match=r"bundle\.tar\.gz: SHA-256 .* make it again"):
        Bundle.read(archive)
    (tmp_path / "bundle.json").unlink()
    with pytest.raises(TPruneError, match=r"bundle\.json: no bundle there .* make it again"):
        Bundle.read(archive)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/bin/python3.11", "bin/python3"),
        ("lib/ld-linux-aarch64.so.1", "lib/ld-linux-aarch64.so.1"),
        ("usr/lib/ld-linux-aarch64.so.1", "lib/ld-linux-aarch64.so.1"),
        ("lib/aarch64-linux-gnu/libc.so.6", "lib/libc.so.6"),
        ("usr/lib/aarch64-linux-gnu/libstdc++.so.6", "lib/libstdc++.so.6"),
        ("usr/lib/aarch64-linux-gnu/libstdc++.so.6.0.30", None),
        ("usr/lib/aarch64-linux-gnu/gconv/UTF-7.so", None),
        ("usr/lib/python3.11/os.py", "lib/python3.11/os.py"),
        ("usr/lib/python3.11/json/decoder.py", "lib/python3.11/json/decoder.py"),
        ("usr/lib/python3.11/test/test_os.py", None),
        ("usr/lib/python3.11/sitecustomize.py", None),
        ("usr/lib/python3.11/lib-dynload/_json.so", "lib/python3.11/lib-dynload/_json.so"),
        ("usr/lib/python3.11/lib-dynload/_ssl.cpython-311.so", None),
        ("usr/share/doc/libc6/copyright", None),
    ],
)
def test_files_of_packages_have_their_place(path: str, expected: str | None) -> None:
    assert place(path, "3.11") == expected


def test_a_library_without_its_sections_still_loads(tmp_path: Path) -> None:
    source = Path(_speedups.__file__)
    cut = segments_only(source.read_bytes())
    assert len(cut) < source.stat().st_size and struct.unpack_from("<Q", cut, 0x28) == (0,)
    (tmp_path / source.name).write_bytes(cut)
    program = "import sys; sys.path.insert(0, sys.argv[1]); import _speedups; print(_speedups.__file__)"
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0 and str(tmp_path) in done.stdout, done.stderr
    assert segments_only(b"#!/bin/sh\n") == b"#!/bin/sh\n"


def test_the_pin_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# pins\nnumpy==1.0\nctranslate2==4.8.5\n", encoding="utf-8")
    assert pinned_version(tmp_path / "requirements.txt", "ctranslate2") == "4.8.5"
    with pytest.raises(TPruneError, match="no line `onnx==VERSION`"):
        pinned_version(tmp_path / "requirements.txt", "onnx")


def test_without_apt_it_says_where_a_bundle_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt-get").symlink_to(shutil.which("true"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TPruneError, match=r"no `apt-cache` on this machine.*make it on Debian"):
        fetch_packages("4.8.5", tmp_path / "cache")


def test_a_wheel_in_the_cache_that_changed_is_not_used(tmp_path: Path) -> None:
    for name in ("whole", "altered", "unknown"):
        (tmp_path / f"{name}.whl").write_text(name, encoding="utf-8")
    for name in ("whole", "altered"):
        digest = hashlib.sha256(name.encode()).hexdigest()
        (tmp_path / f"{name}.whl.sha256").write_text(f"{digest}\n", encoding="utf-8")
    (tmp_path / "altered.whl").write_text("altered!", encoding="utf-8")
    drop_altered(tmp_path)
    assert [path.name for path in tmp_path.glob("*.whl")] == ["whole.whl"]
