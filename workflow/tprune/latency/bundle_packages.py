"""The packages of the aarch64 bundle: Debian's from apt, CTranslate2 from its wheel, all checksummed.

apt runs isolated (its own lists, cache and status, for arm64 only), so that nothing of this machine is
changed and no root is needed; its sources and keys are the machine's. What was fetched is kept by name and
checksum in a folder of the user's cache, so that a second bundle downloads nothing.
"""

import fcntl
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tprune.atomic import write_text
from tprune.errors import TPruneError
from tprune.latency.bundle import file_sha256

logger = logging.getLogger(__name__)

# Python and CTranslate2 need these libraries; {python} is the suite's version, as 3.11.
LIBRARIES = ("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1")
PYTHON_PACKAGES = ("python{python}-minimal", "libpython{python}-minimal", "libpython{python}-stdlib")
WHEEL = "ctranslate2"  # translating imports no other package, numpy included
OLDEST_MANYLINUX = 17
_URI = re.compile(r"^'(?P<uri>.+)' (?P<file>\S+) (?P<bytes>\d+) SHA256:(?P<sha256>[0-9a-f]{64})$")


@dataclass(frozen=True)
class Package:
    """A fetched package; `sha256` was checked."""

    name: str
    version: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Packages:
    """All that a bundle is made of."""

    python: str
    debian: list[Package]
    wheel: Package


def default_cache() -> Path:
    """Where fetched packages are kept: tprune/bundle in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tprune" / "bundle"


def pinned_version(requirements: str | Path, package: str) -> str:
    """The version that a requirements file pins `package` to; TPruneError where it does not."""
    text = Path(requirements).read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)}==(\S+)$", text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise TPruneError(f"{requirements}: no line `{package}==VERSION`; the bundle is made of that version")
    return found[1]


def fetch_packages(ctranslate2: str, cache: Path) -> Packages:
    """Fetch the packages of the bundle with this version of CTranslate2; use what `cache` has.

    Raises:
        TPruneError: apt or dpkg-deb is missing, the machine's sources have no arm64 packages, pip finds
            no wheel, or there is no network.
    """
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise TPruneError(
                f"bundle: no `{program}` on this machine. The aarch64 bundle is made of Debian packages: "
                "make it on Debian (a container will do) and copy the folder `bundle` of the results here"
            )
    with _locked(cache):
        apt = _Apt(cache / "apt")
        apt.update()
        python = apt.python_version()
        names = [*LIBRARIES, apt.ffi(python), *(name.format(python=python) for name in PYTHON_PACKAGES)]
        debian = apt.fetch(names, cache / "debian")
        glibc = next(package.version for package in debian if package.name == "libc6")
        wheel = _fetch_wheel(ctranslate2, python, int(glibc.split(".")[1].split("-")[0]), cache / "wheels")
    return Packages(python, debian, wheel)


class _Apt:
    """The machine's apt, for arm64, with a state of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._options: list[str] = []
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        for key, value in {
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
            "Dir::State": str(folder),
            "Dir::State::status": str(folder / "status"),
            "Dir::Cache": str(folder / "cache"),
        }.items():
            self._options += ["-o", f"{key}={value}"]

    def update(self) -> None:
        """Fetch the package lists; without a network those of the last time are used."""
        logger.info("fetching the lists of arm64 packages with apt")
        done = self._run("apt-get", "update", "--quiet")
        if done.returncode:
            logger.warning("apt-get update failed, using the lists at hand: %s", done.stderr.strip())

    def python_version(self) -> str:
        """The suite's Python, as "3.11"."""
        shown = self._run("apt-cache", "depends", "python3-minimal").stdout
        found = re.search(r"\bpython(3\.\d+)-minimal\b", shown)
        if found is None:
            raise TPruneError(
                "bundle: the apt sources of this machine have no python3-minimal for arm64. Is there a "
                "network? Do the sources serve arm64 (Debian's do, Ubuntu's are on the ports mirror)?"
            )
        return found[1]

    def ffi(self, python: str) -> str:
        """The package of libffi that this Python was built with."""
        found = re.search(
            r"\blibffi\d+\S*", self._run("apt-cache", "depends", f"libpython{python}-stdlib").stdout
        )
        if found is None:
            raise TPruneError(
                f"bundle: libpython{python}-stdlib for arm64 names no libffi; apt is out of order"
            )
        return found[0]

    def fetch(self, names: Sequence[str], folder: Path) -> list[Package]:
        """Download the packages into `folder` unless they lie there with the right checksum."""
        folder.mkdir(parents=True, exist_ok=True)
        listed = self._run("apt-get", "download", "--print-uris", *names)
        found = [match for line in listed.stdout.splitlines() if (match := _URI.match(line.strip()))]
        if listed.returncode or len(found) != len(names):
            raise TPruneError(
                f"bundle: apt finds {len(found)} of the arm64 packages {list(names)}: {_tail(listed.stderr)}"
            )
        packages = []
        for match in found:
            name, version, _ = match["file"].removesuffix(".deb").split("_")
            path = folder / match["file"]
            if not path.is_file() or file_sha256(path) != match["sha256"]:
                path.unlink(missing_ok=True)
                logger.info("fetching %s (%.1f MB)", match["file"], int(match["bytes"]) / 1e6)
                done = self._run("apt-get", "download", name, folder=folder)
                if done.returncode or not path.is_file() or file_sha256(path) != match["sha256"]:
                    raise TPruneError(f"bundle: apt could not fetch {name} for arm64: {_tail(done.stderr)}")
            packages.append(Package(name, version.split("%3a")[-1], path, match["sha256"]))
        return sorted(packages, key=lambda package: package.name)

    def _run(
        self, program: str, *arguments: str, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [program, *self._options, *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _fetch_wheel(version: str, python: str, glibc_minor: int, folder: Path) -> Package:
    """The wheel of CTranslate2 for aarch64 and this Python, from the cache or the package index.

    pip checks what it fetches against the index's checksum; what lies in the cache is checked against that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drop_altered(folder)
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(OLDEST_MANYLINUX, glibc_minor + 1)]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--implementation", "cp"]
    command += ["--python-version", python, "--dest", str(folder), f"{WHEEL}=={version}"]
    for platform in ("manylinux2014_aarch64", *platforms):
        command += ["--platform", platform]
    cached = subprocess.run(
        [*command, "--no-index", "--find-links", str(folder)], capture_output=True, text=True
    )
    if cached.returncode:
        logger.info("fetching %s %s for aarch64 with pip", WHEEL, version)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise TPruneError(
                f"bundle: pip could not fetch {WHEEL}=={version} for aarch64 and Python {python} (is there a "
                f"network?): {_tail(done.stderr)}"
            )
    tag = f"cp{python.replace('.', '')}"
    path = next(folder.glob(f"{WHEEL}-{version}-{tag}-*aarch64*.whl"))
    sha256 = file_sha256(path)
    write_text(_checksum_file(path), f"{sha256}\n")
    return Package(WHEEL, version, path, sha256)


def drop_altered(folder: Path) -> None:
    """Delete the wheels in `folder` that are not, or not known to be, as they were fetched."""
    for path in folder.glob("*.whl"):
        expected = _checksum_file(path)
        if not expected.is_file() or expected.read_text(encoding="utf-8").strip() != file_sha256(path):
            logger.warning("%s is not as it was fetched, or not known to be: fetching it again", path)
            path.unlink()


def _checksum_file(wheel: Path) -> Path:
    return wheel.with_name(f"{wheel.name}.sha256")


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-5:])


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One user of the cache at a time; the lock goes with the process."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
