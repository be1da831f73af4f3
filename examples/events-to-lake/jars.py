"""Fetches Java libraries from the Maven repository that this machine uses, each held to its hash.

    python jars.py fetch FOLDER SET…    lay a set's libraries into FOLDER/SET
    python jars.py lock                 resolve jars.in anew, with all that they need, and write jars.lock

The client is Apache Ivy, which comes with Spark: neither Maven nor anything else is needed but Java. It asks
Maven Central, or what a settings file of Ivy's names, whose path is in IVY_SETTINGS: so a mirror is used
(https://ant.apache.org/ivy/history/2.5.3/settings.html).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
WANTED = HERE / "jars.in"
LOCK = HERE / "jars.lock"

_TRIES = 3
_LIMIT_S = 1500
_ALONE = frozenset({"broker"})
"""Sets that run without Spark. The others lie beside its libraries, where another version would break it."""


class Jar(NamedTuple):
    """A library."""

    set: str
    """Which purpose it serves: a name of jars.in."""
    name: str
    """``group:artifact:version``, and perhaps ``:classifier``."""
    sha256: str = ""
    """Of the file; empty in jars.in."""

    @property
    def artifact(self) -> str:
        """The middle of its name."""
        return self.name.split(":")[1]

    @property
    def file(self) -> str:
        """Its file's name."""
        return f"{self.name.replace(':', '--')}.jar"


def read(path: Path) -> list[Jar]:
    """The libraries that a file names."""
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return [Jar(*line) for line in lines if line]


def fetch(folder: Path, sets: Iterable[str], jars: Sequence[Jar] | None = None) -> None:
    """Lays the libraries of some sets into a folder, one folder a set; what is there is not fetched again.

    Raises:
        SystemExit: one cannot be had, or is not what the lock says.
    """
    locked = read(LOCK) if jars is None else jars
    for wanted in sets:
        own = [jar for jar in locked if jar.set == wanted]
        if not own:
            sys.exit(
                f"jars.lock has no set {wanted!r}; it has {', '.join(sorted({jar.set for jar in locked}))}"
            )
        if not all(_whole(jar, folder / wanted) for jar in own):
            _lay(own, folder / wanted)


def lock() -> None:
    """Writes jars.lock: what jars.in names and all that this needs, with hashes."""
    wanted = read(WANTED)
    found: list[Jar] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in sorted({jar.set for jar in wanted}):
            into = Path(scratch, name)
            _ivy([jar for jar in wanted if jar.set == name], into, transitive=True)
            seen = [_seen(name, path) for path in sorted(into.iterdir())]
            found += seen if name in _ALONE else [jar for jar in seen if jar.artifact not in _of_spark()]
    lines = "".join(f"{jar.set} {jar.name} {jar.sha256}\n" for jar in found)
    LOCK.write_text(
        f"# Written by `python jars.py lock`: set, group:artifact:version, SHA-256 of the file.\n{lines}"
    )


def _lay(jars: Sequence[Jar], folder: Path) -> None:
    """Fetches beside the folder and moves: a folder is whole, or what was there before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        into = Path(scratch, "jars")
        _ivy(jars, into, transitive=False)
        wrong = [jar.name for jar in jars if not _whole(jar, into)]
        if wrong:
            sys.exit(f"not what jars.lock says, or missing: {', '.join(wrong)}")
        shutil.rmtree(folder, ignore_errors=True)
        into.rename(folder)


def _ivy(jars: Sequence[Jar], into: Path, *, transitive: bool) -> None:
    """Has Ivy retrieve libraries into a folder."""
    found = next(iter(sorted(_spark().glob("jars/ivy-*.jar"))), None)
    if found is None:
        sys.exit(f"no Ivy in {_spark()}/jars: install pyspark, or set SPARK_HOME")
    with tempfile.TemporaryDirectory() as scratch:
        module = Path(scratch, "ivy.xml")
        module.write_text(_module(jars, transitive=transitive), encoding="utf-8")
        user = f"-Divy.default.ivy.user.dir={scratch}"
        command = [
            "java",
            user,
            "-cp",
            str(found),
            "org.apache.ivy.Main",
            "-warn",
            "-cache",
            f"{scratch}/cache",
        ]
        if settings := os.environ.get("IVY_SETTINGS"):
            command += ["-settings", settings]
        command += ["-ivy", str(module), "-types", "jar", "bundle"]
        command += ["-retrieve", f"{into}/[organisation]--[module]--[revision](--[classifier]).[ext]"]
        for _ in range(_TRIES):
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_LIMIT_S,
                check=False,
            )
            if done.returncode == 0:
                return
        sys.exit(f"Ivy could not fetch the libraries:\n{done.stdout[-3000:]}")


def _module(jars: Sequence[Jar], *, transitive: bool) -> str:
    """What Ivy is asked for, as a module of its own (https://ant.apache.org/ivy/history/2.5.3/ivyfile.html).

    Versions that are named win over those that others ask for.
    """
    wanted = "".join(_dependency(jar, transitive=transitive) for jar in jars)
    chosen = "".join(
        "<override org={} module={} rev={}/>".format(*map(quoteattr, jar.name.split(":")[:3])) for jar in jars
    )
    return (
        '<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">'
        '<info organisation="local" module="jars"/><configurations><conf name="default"/></configurations>'
        f"<dependencies>{wanted}{chosen if transitive else ''}</dependencies></ivy-module>"
    )


def _dependency(jar: Jar, *, transitive: bool) -> str:
    group, artifact, version, *classifier = map(quoteattr, jar.name.split(":"))
    alone = bool(classifier) or not transitive
    file = f'<artifact name={artifact} type="jar" m:classifier={classifier[0]}/>' if classifier else ""
    conf = "default->master" if alone else "default->default"
    return (
        f'<dependency org={group} name={artifact} rev={version} conf="{conf}" '
        f'transitive="{str(not alone).lower()}">{file}</dependency>'
    )


def _whole(jar: Jar, folder: Path) -> bool:
    path = folder / jar.file
    return path.is_file() and _hash(path) == jar.sha256


def _seen(name: str, path: Path) -> Jar:
    return Jar(name, path.stem.replace("--", ":"), _hash(path))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_spark() -> set[str]:
    """The libraries that Spark brings itself, without their versions."""
    names = (re.match(r"(.+?)-\d", path.name) for path in _spark().glob("jars/*.jar"))
    return {name[1] for name in names if name}


def _spark() -> Path:
    """Where Spark is: an image's, or pyspark's."""
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    import pyspark

    return Path(pyspark.__file__).parent


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fetch", target, first, *others]:
            fetch(Path(target), [first, *others])
        case ["lock"]:
            lock()
        case _:
            sys.exit(__doc__)
