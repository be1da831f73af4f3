"""The page of an environment's services: one file, which needs no network and no other file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Final

from infra.environment import Environment
from operations.services import Entry

_STATES: Final = {"up": "up", "not up": "down", "unknown": "open"}
"""Classes of the marks, by state."""

_STYLE: Final = """\
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6579; --line: #dfe3ea; --paper: #f6f7f9;
  --card: #ffffff; --accent: #2f5fd0; --up: #1c7c4a; --down: #a05a00; --code: #eef1f6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b5; --line: #2c3442;
  --paper: #12161d; --card: #1a2029; --accent: #8fb0ff; --up: #5fd19a; --down: #f0b45c; --code: #232b37; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; }
h1 { font-size: 30px; margin: 0; letter-spacing: -0.01em; }
header p, footer { color: var(--soft); margin: 0; }
#find { width: 100%; margin: 24px 0 8px; padding: 11px 14px; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
#find:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h2 { font-size: 13px; font-weight: 600; letter-spacing: 0.06em; text-transform: uppercase;
  color: var(--soft); margin: 32px 0 12px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px; }
article { display: flex; flex-direction: column; gap: 8px; padding: 18px; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
article h3 { display: flex; justify-content: space-between; gap: 12px; margin: 0; font-size: 17px; }
article p { margin: 0; overflow-wrap: anywhere; }
.use { color: var(--soft); font-size: 15px; }
.state { flex: none; font-size: 13px; font-weight: 500; white-space: nowrap; color: var(--soft); }
.state::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px;
  border-radius: 50%; background: currentColor; }
.state.up { color: var(--up); } .state.down { color: var(--down); }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.open { font-weight: 600; }
code { display: block; padding: 8px 10px; font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas,
  monospace; background: var(--code); border-radius: 6px; overflow-wrap: anywhere; }
.facts { margin-top: auto; padding-top: 8px; font-size: 13px; color: var(--soft); }
.none { display: none; color: var(--soft); }
footer { margin-top: 40px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 13px; }
@media print { #find { display: none; } article { break-inside: avoid; } }
"""

_SCRIPT: Final = """\
const find = document.getElementById("find");
find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let any = false;
  for (const section of document.querySelectorAll("section")) {
    let some = false;
    for (const card of section.querySelectorAll("article")) {
      const text = card.textContent.toLowerCase();
      card.hidden = !words.every((word) => text.includes(word));
      card.style.display = card.hidden ? "none" : "";
      some = some || !card.hidden;
    }
    section.style.display = some ? "" : "none";
    any = any || some;
  }
  document.querySelector(".none").style.display = any ? "none" : "block";
});
"""


def page(environment: Environment, entries: Sequence[Entry], now: datetime) -> str:
    """The page, whole.

    Args:
        environment: Whose services.
        entries: Them, those of a group one after the other.
        now: When they were looked at; said at the foot.
    """
    where = f"{environment.platform} {environment.region}" if environment.region else environment.platform
    sections = "\n".join(
        _section(group, members) for group, members in groupby(entries, key=lambda entry: entry.group)
    )
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'">
<title>{escape(environment.name)}: services</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>
<header><h1>{escape(environment.name)}</h1>
<p>{escape(where)} · owned by {escape(environment.owner)}</p></header>
<input id="find" type="search" placeholder="Find a service" aria-label="Find a service" autofocus>
{sections}
<p class="none">No service is like that.</p>
<footer>{_foot(environment, entries, now)}</footer>
</main>
<script>
{_SCRIPT}</script>
</body>
</html>
"""


def _section(group: str, entries: Iterable[Entry]) -> str:
    cards = "\n".join(_card(entry) for entry in entries)
    return f'<section><h2>{escape(group)}</h2>\n<div class="cards">\n{cards}\n</div></section>'


def _card(entry: Entry) -> str:
    state = f'<span class="state {_STATES[entry.state]}">{escape(entry.state)}</span>'
    parts = [
        f"<h3><span>{escape(entry.title)}</span>{state}</h3>",
        f"<p>{escape(entry.what)}</p>",
        f'<p class="use">{escape(entry.use)}</p>',
        "" if entry.address is None else f'<p class="open">{_link(entry.address, entry.address)}</p>',
        "" if entry.forward is None else f"<code>{escape(entry.forward)}</code>",
        f'<p class="facts">{_facts(entry)}</p>',
    ]
    return f'<article id="{escape(entry.name)}">{"".join(parts)}</article>'


def _facts(entry: Entry) -> str:
    facts = [
        f"chart {escape(entry.version)}" if entry.version else "",
        f"version {escape(entry.app)}" if entry.app and entry.app != entry.version else "",
        f"owner {escape(entry.owner)}",
        _link(entry.docs, "documentation") if "://" in entry.docs else f"see {escape(entry.docs)}",
    ]
    return " · ".join(filter(None, facts))


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}" rel="noreferrer">{escape(text)}</a>'


def _foot(environment: Environment, entries: Sequence[Entry], now: datetime) -> str:
    standing = sum(entry.state == "up" for entry in entries)
    known = "state unknown" if _unknown(entries) else f"{standing} of {len(entries)} up"
    when = now.strftime("%Y-%m-%d %H:%M %Z").strip()
    return f"{known} on {when} · made by: mlcluster services {escape(environment.name)} --html FILE"


def _unknown(entries: Sequence[Entry]) -> bool:
    return any(entry.state == "unknown" for entry in entries)
