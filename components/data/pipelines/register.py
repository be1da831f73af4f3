"""Tells MLflow of a new version of a model: run as it stands here in a step, with what Python itself brings.

Environment: MODEL, its name; SOURCE, where it lies; RUN, the workflow that made it; METRIC, how good it is;
MLFLOW_TRACKING_URI, where MLflow is. Without the last there is nobody to tell, and that is no mistake.

https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_KNOWN = "RESOURCE_ALREADY_EXISTS"


def _ask(server: str, path: str, said: dict[str, Any]) -> Any:
    body = json.dumps(said).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{server}/api/2.0/mlflow/{path}"
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http or https, see main
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def _make_known(server: str, model: str) -> None:
    try:
        _ask(server, "registered-models/create", {"name": model})
    except urllib.error.HTTPError as refused:
        if json.load(refused).get("error_code") != _KNOWN:
            raise


def main() -> None:
    """Registers the version, and writes its number to the file that is named as argument."""
    server = os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/")
    version, told = "", "there is no tracking server: nothing is registered"
    if server.startswith(("http://", "https://")):
        model = os.environ["MODEL"]
        _make_known(server, model)
        tags = [{"key": key.lower(), "value": os.environ[key]} for key in ("RUN", "METRIC")]
        said = {"name": model, "source": os.environ["SOURCE"], "tags": tags}
        version = str(_ask(server, "model-versions/create", said)["model_version"]["version"])
        told = f"{model} has version {version}"
    sys.stdout.write(f"{told}\n")
    Path(sys.argv[1]).write_text(version, encoding="utf-8")


if __name__ == "__main__":
    main()
