"""What `pulumi up` runs: the program of the stack that is selected."""

import sys
from pathlib import Path

# Pulumi's host puts this folder on the path, where platform.py would hide the standard library's module.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]

from stacks.program import main  # noqa: E402 - only found, and only safe, with the path put right

main()
