"""Builds a Go program from a module under `tools/`, once, and keeps it.

Beside the program ``NAME`` are kept: ``NAME.json`` (checksum, version, digest of what it was built from),
``NAME.log`` (the latest build's output) and ``NAME.lock``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.problems import ABSENT, BadInput, Problem
from operations import golang
from operations.locking import held
from operations.progress import Listener, Silent

_LAST_LINES = 12
"""Lines of a failed build's log that its error repeats."""

_ENVIRONMENT = {
    "CGO_ENABLED": "0",  # needs no C compiler, and the program runs on any Linux
    "GOFLAGS": "",  # a person's own flags (-mod=mod, -tags …) would build something else
    "GOTOOLCHAIN": "local",  # no download of another Go behind our back
    "GOWORK": "off",
}


class BuildFailed(BadInput):
    """A Go program could not be built; says why, where the log is, and the command that repeats it."""


@dataclass(frozen=True)
class Built:
    """What is known of a program that was built and kept."""

    version: str
    """Of the module that the package is from, without ``v``; empty if that is the module at hand."""
    sha256: str
    recipe: str
    """Digest of the module's files and the linker flags."""
    go: str


def build(
    module_dir: Path,
    package: str,
    output: Path,
    ldflags: str = "",
    title: str = "",
    progress: Listener | None = None,
) -> Path:
    """Builds `package` from the Go module in `module_dir`, unless what is kept is exactly that already.

    Only one process builds an output at a time: a second one waits, says so, and then has the first's result.

    Args:
        module_dir: folder of a go.mod and its complete go.sum (``-mod=readonly``).
        package: import path of a main package: of the module itself (``./cmd/x``) or of one that it requires.
        output: the program's path. It appears there finished or not at all.
        ldflags: linker flags, one string as Go takes them.
        title: what is built, in words for people; the package if empty.
        progress: told how it goes on.

    Returns:
        `output`.

    Raises:
        GoMissing: no Go that is new enough for go.mod's ``go`` line.
        BuildFailed: Go said no, or the output's folder cannot be written.
    """
    listener = progress or Silent()
    title = title or package
    if kept(module_dir, package, output, ldflags):
        return output
    lock = output.with_name(f"{output.name}.lock")
    try:
        with held(lock, lambda: listener.say(f"another process is building {title}; waiting for it")):
            if not kept(module_dir, package, output, ldflags):
                _Build(module_dir, package, output, ldflags, title, listener).run()
    except OSError as error:
        hint = "set MLCLUSTER_CACHE to a folder that can be written"
        raise BuildFailed([Problem(title, ABSENT, f"could not be built: {error}", hint)]) from error
    return output


def kept(module_dir: Path, package: str, output: Path, ldflags: str = "") -> Built | None:
    """What is known of `output` if it is unharmed and is what `build` would build now, else None."""
    try:
        facts = Built(**json.loads(_facts(output).read_text(encoding="utf-8")))
        whole = facts.sha256 == _checksum(output)
    except (OSError, ValueError, TypeError):  # never built, half removed, or another version's notes
        return None
    return facts if whole and facts.recipe == _recipe(module_dir, package, ldflags) else None


@dataclass(frozen=True)
class _Build:
    module_dir: Path
    package: str
    output: Path
    ldflags: str
    title: str
    listener: Listener

    def run(self) -> None:
        go = golang.find(golang.required(self.module_dir), self.listener.say)
        self.listener.say(f"building {self.title} with Go {go.release}, once; log: {self._log}")
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self._log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=self.output.parent, prefix=f".{self.output.name}-") as folder:
            made = Path(folder) / self.output.name
            total = self._count(go)
            self._compile(go, made, total)
            facts = Built(
                version=self._version(go),
                sha256=_checksum(made),
                recipe=_recipe(self.module_dir, self.package, self.ldflags),
                go=go.release,
            )
            notes = Path(folder) / "facts.json"
            notes.write_text(json.dumps(asdict(facts), indent=2) + "\n", encoding="utf-8")
            # The program first: dying in between leaves notes that do not match it, and it is built again.
            made.replace(self.output)
            notes.replace(_facts(self.output))

    def _count(self, go: golang.Go) -> int:
        """How many packages have to be compiled; Go fetches the modules that are missing for this."""
        stale = 0

        def seen(line: str) -> None:
            nonlocal stale
            if line.startswith("go: downloading"):
                self.listener.advance(0, 0, line.removeprefix("go: "))
            stale += line == "true"

        self._go(go, ["list", "-deps", *self._flags, "-f", "{{.Stale}}", self.package], seen)
        return stale

    def _compile(self, go: golang.Go, made: Path, total: int) -> None:
        done = 0

        def compiled(line: str) -> None:
            nonlocal done
            if " " not in line and "#" not in line:  # -v prints the import path alone; messages are sentences
                done += 1
                self.listener.advance(done, max(total, done), line)

        self._go(go, ["build", "-v", *self._flags, "-o", str(made), self.package], compiled)

    def _version(self, go: golang.Go) -> str:
        lines: list[str] = []
        form = "{{with .Module}}{{.Version}}{{end}}"
        self._go(go, ["list", "-mod=readonly", "-f", form, self.package], lines.append)
        return "".join(lines).strip().removeprefix("v")

    @property
    def _flags(self) -> list[str]:
        return ["-mod=readonly", "-trimpath", f"-ldflags={self.ldflags}"]

    @property
    def _log(self) -> Path:
        return self.output.with_name(f"{self.output.name}.log")

    def _go(self, go: golang.Go, arguments: list[str], seen: Callable[[str], None]) -> None:
        command = [str(go.command), *arguments]
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ {shlex.join(command)}\n")
            with subprocess.Popen(
                command,
                cwd=self.module_dir,
                env={**os.environ, **_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process:
                try:
                    for line in process.stdout or ():
                        log.write(line)
                        seen(line.rstrip())
                except BaseException:
                    process.terminate()
                    raise
        if process.returncode != 0:
            raise self._failure(command)

    def _failure(self, command: list[str]) -> BuildFailed:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line not in {"true", "false"}][-_LAST_LINES:]
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in _ENVIRONMENT.items())
        repeat = f"cd {shlex.quote(str(self.module_dir))} && {settings} {shlex.join(command)}"
        text = "\n  ".join(["could not be built with Go. The last lines of its log:", *told])
        hint = f"read {self._log}, and repeat it with: {repeat}"
        return BuildFailed([Problem(self.title, ABSENT, text, hint)])


def _facts(output: Path) -> Path:
    return output.with_name(f"{output.name}.json")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recipe(module_dir: Path, package: str, ldflags: str) -> str:
    """Digest of all that decides what is built: the module's files, the package, the linker flags."""
    digest = hashlib.sha256(json.dumps([package, ldflags, _ENVIRONMENT]).encode())
    for path in sorted(path for path in module_dir.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(module_dir).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
