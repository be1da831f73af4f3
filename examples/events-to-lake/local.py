"""Sets this example up in the user's cache folder: Spark, its libraries, a Kafka broker.

    python3 local.py            set up what is not there yet, and say where
    python3 local.py where      say where it is; fails where it is not
    python3 local.py test       set up, and run the tests

Needs Python 3.11 or newer and Java 17 or newer. About 1.2 GB; what a lock names is fetched once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
_LOCKS = (HERE / "local.lock", HERE / "jars.lock")
_SETS = ("kafka", "tables", "broker")


def home() -> Path:
    """Where everything lies that these locks name, for this Python."""
    own, shared = os.environ.get("MLCLUSTER_CACHE"), os.environ.get("XDG_CACHE_HOME")
    cache = Path(own).expanduser() if own else Path(shared or Path.home() / ".cache") / "mlcluster"
    named = hashlib.sha256(b"".join(lock.read_bytes() for lock in _LOCKS)).hexdigest()[:12]
    return (
        cache.absolute()
        / "examples"
        / "events-to-lake"
        / f"py{sys.version_info[0]}{sys.version_info[1]}-{named}"
    )


def whole() -> bool:
    """Whether everything is there."""
    return (home() / "whole").is_file()


def python() -> Path:
    """The Python that has everything."""
    return home() / "venv" / "bin" / "python"


def install() -> None:
    """Sets up what is not there; one at a time, however many ask."""
    java()
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if whole():
            return
        shutil.rmtree(home() / "venv", ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(home() / "venv"))
        pip = (str(python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(
            *pip,
            "--require-hashes",
            "--only-binary=:all:",
            "--no-binary=pyspark",
            "-r",
            str(HERE / "local.lock"),
        )
        _run(str(python()), str(HERE / "jars.py"), "fetch", str(home() / "jars"), *_SETS)
        (home() / "whole").touch()


def java() -> None:
    """Sees to it that there is Java.

    Raises:
        SystemExit: there is none, or it is too old for Spark 4 and Kafka 4.
    """
    try:
        said = subprocess.run(
            ["java", "-version"], capture_output=True, text=True, timeout=60, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError) as problem:
        sys.exit(f"no Java that runs ({problem}): install Java 17, such as openjdk-17-jre-headless")
    major = said.partition('"')[2].partition(".")[0].partition('"')[0]
    if not major.isdigit() or int(major) < 17:
        sys.exit(f"Java is {said.splitlines()[0]}: Spark 4 and Kafka 4 need 17 or newer")


def test(arguments: list[str]) -> int:
    """Runs the tests; returns pytest's exit status."""
    command = [
        str(python()),
        "-m",
        "pytest",
        "-c",
        str(HERE / "tests" / "pytest.ini"),
        str(HERE / "tests"),
        *arguments,
    ]
    return subprocess.run(
        command, env={**os.environ, "EXAMPLE_JARS": str(home() / "jars")}, check=False
    ).returncode


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"this failed: {' '.join(command)}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            install()
        case ["where"] if not whole():
            sys.exit("not set up: python3 local.py")
        case ["where"]:
            pass
        case ["test", *more]:
            install()
            sys.exit(test(more))
        case _:
            sys.exit(__doc__)
    print(home())
