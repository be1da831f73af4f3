"""Security scanners that others wrote, over what environments ask for, with the exceptions that are made.

`python -m operations.scan` says what they found; `tools/scan` has pins, exceptions, and environments with
what ours lack.
"""
