"""`make bench`: how fast and how big, measured and written to docs/benchmarks.md.

Nothing here is a test: machines differ, so the page names the machine.
"""
