"""The environment model: what an environment file may say, and what is said when it says something else."""

from infra.environment.files import available, find, project_root
from infra.environment.loading import load, parse
from infra.environment.model import Environment
from infra.environment.schema import json_schema

__all__ = ["Environment", "available", "find", "json_schema", "load", "parse", "project_root"]
