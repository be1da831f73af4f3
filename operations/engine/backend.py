"""Where the engine keeps the state of stacks, and how it hides the secrets in it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.environment.loading import REGION, SECTION
from infra.environment.state import State, StatePlace
from infra.problems import ABSENT, BadInput, Problem, did_you_mean

URL_VARIABLE = "PULUMI_BACKEND_URL"
PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
SCHEMES = ("file", "s3", "gs", "azblob", "http", "https")
"""What Pulumi has backends for: https://www.pulumi.com/docs/iac/concepts/state-and-backends"""

_QUIET = {
    "PULUMI_SKIP_UPDATE_CHECK": "true",  # asks a server of Pulumi's at every command otherwise
    # Stack files are copied and the copies forgotten, so the salt that `stack init` writes into one is lost;
    # the state has it too.
    "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    "PULUMI_SUPPRESS_NEO_LINK": "true",
}


@dataclass(frozen=True)
class Backend:
    """A place for state."""

    url: str
    """As ``PULUMI_BACKEND_URL`` has it; a file's path in it is absolute."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the engine needs in its environment to use it; may hold a passphrase."""
    secrets: str | None = None
    """What encrypts the secrets in new state (``awskms://…``); None: a passphrase, or the backend itself."""
    own_words: bool = True
    """Whether what a stack's file says of secrets (``secretsprovider`` and so on) counts; not on a twin."""

    @property
    def variables(self) -> dict[str, str]:
        """The engine's environment variables, the URL's among them."""
        return {**self.env, URL_VARIABLE: self.url}


def twin_home(folder: Path) -> Path:
    """What the engine has for its home (``PULUMI_HOME``) on the twin in a folder."""
    return folder / "engine" / "home"


def of_twin(folder: Path, env: Mapping[str, str], *, checkpoints: bool) -> Backend:
    """The backend of a twin: files in its folder, touching nothing of the user's own Pulumi.

    Args:
        folder: the twin's (`folders.twin`). The engine's things go into ``engine`` in it, for its user only.
        env: what the engine needs to find the twin's providers.
        checkpoints: whether the state is written after every operation, as in a real environment, and thereby
            survives the engine's being killed. Without them it is written at the end, and a stack of a
            thousand resources comes up in 20 s instead of 160 s (measured on two cores).
    """
    own = folder / "engine"
    state, home = own / "state", twin_home(folder)
    for made in (own, state, home):
        made.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = {
        "PULUMI_HOME": str(home),
        "PULUMI_CONFIG_PASSPHRASE": _passphrase(own / "passphrase"),
        # what the twin does not serve is a mistake to be told, not something to be downloaded
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",  # half of the writes
    }
    if not checkpoints:
        settings |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    return Backend(f"file://{state.absolute()}", {**_QUIET, **settings, **env}, own_words=False)


def of_site(root: Path, file: Path) -> Backend:
    """The backend of real environments.

    ``PULUMI_BACKEND_URL``, else the environment's `state`, else what Pulumi.yaml says
    (``backend: {url: …}``), else files under the home folder, as ``pulumi login --local`` has them.

    Args:
        root: the folder of Pulumi.yaml.
        file: the environment's file; its ``secretsprovider``, or the key of its `state` where that is used,
            makes a passphrase needless.

    Raises:
        BadInput: the URL is none that Pulumi knows, its folder is missing or cannot be written, or there is
            neither a passphrase nor a secrets provider.
    """
    written = (read(root / "Pulumi.yaml").get("backend") or {}).get("url")
    path, url, place = URL_VARIABLE, os.environ.get(URL_VARIABLE, ""), None
    if not url and (place := state_place(file)) is not None:
        path, url = "state", place.url
    elif not url:
        path, url = ("Pulumi.yaml backend.url", written) if written else ("backend", f"file://{Path.home()}")
    scheme = url.partition("://")[0]
    if "://" not in url or scheme not in SCHEMES:
        raise BadInput(
            [Problem(path, url, "is not the URL of a Pulumi backend", did_you_mean(scheme, SCHEMES))]
        )
    if scheme == "file":
        url = _local(path, url)
    provider = secrets_provider(file) or (None if place is None else place.secrets)
    if scheme not in {"http", "https"} and not provider:
        _need_passphrase(file)
    return Backend(url, _QUIET, provider)


def state_place(file: Path) -> StatePlace | None:
    """Where an environment's file says that its state is; None where it leaves that to Pulumi."""
    config = read(file).get("config") or {}
    section = config.get(SECTION) or {}
    if section.get("state") is None:
        return None
    return State.model_validate(section["state"]).place(str(section.get("account")), str(config.get(REGION)))


def secrets_provider(file: Path) -> str | None:
    """The secrets provider that an environment's file names (``awskms://…``); None means a passphrase."""
    provider = read(file).get("secretsprovider")
    return None if provider in {None, "default", "passphrase"} else str(provider)


def read(file: Path) -> Mapping[str, Any]:
    """The mapping in a YAML file; empty if the file is missing or empty.

    Environment files are judged by `infra.environment`, and this reads them after that.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content if isinstance(content, Mapping) else {}


def _local(path: str, url: str) -> str:
    place, mark, query = url.removeprefix("file://").partition("?")
    # The engine runs in a temporary folder: what is relative there is relative to the user's folder here.
    folder = Path(place).expanduser().absolute()
    if not folder.is_dir():
        raise BadInput([Problem(path, url, "is not a folder", f"make it with: mkdir -p {folder}")])
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        hint = "let your user write there, or name another folder"
        raise BadInput([Problem(path, url, "cannot be written by this user", hint)])
    return f"file://{folder}{mark}{query}"


def _need_passphrase(file: Path) -> None:
    if any(name in os.environ for name in PASSPHRASE_VARIABLES):
        return
    hint = (
        f"export {PASSPHRASE_VARIABLES[1]}=<a file that holds it>, "
        f"or write `secretsprovider: awskms://alias/<key>?region=<region>` into {file}"
    )
    raise BadInput(
        [Problem(PASSPHRASE_VARIABLES[0], ABSENT, "is needed to encrypt the secrets in the state", hint)]
    )


def _passphrase(file: Path) -> str:
    """A random passphrase, made once and kept; ``O_EXCL`` lets one of two first commands make it."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii")
    with open(handle, "w", encoding="ascii") as made:  # noqa: PTH123 - Path.open cannot set the mode at creation
        text = secrets.token_urlsafe(32)
        made.write(text)
    return text


_TROUBLE: tuple[tuple[str, str, str], ...] = (
    (
        r"incorrect passphrase",
        "the passphrase does not open this stack's secrets",
        f"set {PASSPHRASE_VARIABLES[0]} or {PASSPHRASE_VARIABLES[1]} to the one that it was created with",
    ),
    (
        r"unable to read PULUMI_CONFIG_PASSPHRASE_FILE|passphrase must be set",
        "the passphrase cannot be read",
        f"name a file that can be read in {PASSPHRASE_VARIABLES[1]}",
    ),
    (
        r"PULUMI_ACCESS_TOKEN must be set|[Ii]nvalid access token|Unauthorized",
        "the backend does not know you",
        f"log in with `pulumi login`, set PULUMI_ACCESS_TOKEN, or set {URL_VARIABLE} to another backend",
    ),
    (
        r"NoSuchBucket|NotFoundException.*(alias|key)/|alias/\S+ is not found",
        "its bucket or its key is not there",
        "make both with: mlcluster init <environment>",
    ),
    (
        r"unable to open bucket|\(code=\w+\)|\.pulumi/|dial tcp|no such host|could not (list|load) .*bucket",
        "the backend cannot be reached",
        f"check {URL_VARIABLE}, the network, and your right to read and write there",
    ),
)
"""Patterns in the engine's complaint, what they mean, what to do; the last has the words of Go's drivers."""


def trouble(url: str, complaint: str) -> BadInput | None:
    """What an engine's complaint says about its backend, for people; None if it is about something else."""
    for pattern, meaning, hint in _TROUBLE:
        if re.search(pattern, complaint):
            said = complaint.strip().removeprefix("error: ")
            return BadInput([Problem("backend", _harmless(url), f"cannot be used: {meaning} ({said})", hint)])
    return None


def unusable(url: str, complaint: str) -> BadInput:
    """The error for a backend that could not do what nothing else is needed for, such as reading a stack."""
    said = complaint.strip().removeprefix("error: ")
    problem = Problem(
        "backend", _harmless(url), f"cannot be used: {said}", f"check {URL_VARIABLE} and what is there"
    )
    return trouble(url, complaint) or BadInput([problem])


def _harmless(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", url)
