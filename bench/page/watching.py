"""One reader at a Chromium, and what they wait for: until pixels are there, not until an answer is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from playwright.sync_api import Browser, Error, Page, ViewportSize, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SCREENS = {"wide": ViewportSize(width=1440, height=900), "phone": ViewportSize(width=390, height=844)}
SETTLED_S = 0.3
"""Between two things that a reader does."""

_PAINTED = """() => new Promise((done) => {
  const read = () => {
    const [first] = performance.getEntriesByName("first-contentful-paint");
    if (first) done(first.startTime);
    else requestAnimationFrame(read);
  };
  read();
})"""

# From the act until the frame that shows what the act is for was painted. Looked at in every frame: what takes no time
# costs one, that is 16 ms at 60 a second.
_WAITED = """async ([act, wanted]) => {
  const over = new Function("return " + wanted);
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  if (over()) throw new Error("is so before: " + wanted);
  const begun = performance.now();
  new Function(act)();
  while (!over()) {
    await frame();
    if (performance.now() - begun > 20000) throw new Error("never came: " + wanted);
  }
  await frame();
  await new Promise((next) => setTimeout(next));
  return performance.now() - begun;
}"""


class Waited(Struct, frozen=True):
    """Milliseconds."""

    wall: float
    """As a reader waits: other work on the machine counts."""
    cpu: float
    """Of the page's main thread alone, which other work distorts less."""


class Act(Struct, frozen=True):
    """Something that a reader does, and what they wait for: both as JavaScript."""

    name: str
    act: str
    wanted: str
    asks: bool
    """The server is asked; else the browser alone does it."""


def _click(selector: str) -> str:
    return f"document.querySelector({selector!r}).click()"


ACTS = (
    Act("expand an entry", _click(".rows .toggle"), "document.querySelector('.panel .verdict')", True),
    Act("raw instead of laid out", "shown('.panel input[value=raw]').click()", "shown('.panel pre.raw')", False),
    Act("close it", _click(".rows .toggle"), "!document.querySelector('.panel')", False),
    Act("next row, by key", "key('j')", "document.activeElement.matches('.toggle')", False),
    Act("open the filter of actions", _click("#menu-action > summary"), "shown('#menu-action .menu-body')", False),
    Act("show older entries", _click(".older"), "document.querySelectorAll('.rows .entry').length > 50", True),
    Act(
        "only what failed", _click(".chip.tone-request_error input"), "location.search.includes('request_error')", True
    ),
    Act("all dates", _click("#range-all"), "location.search.includes('range=all')", True),
    Act("search for a number", "search(number())", "location.search.includes('text=')", True),
)
_HELP = """
window.shown = (selector) => [...document.querySelectorAll(selector)].find((one) => one.checkVisibility());
window.number = () => {
  const named = [...document.querySelectorAll(".c-source .name")].map((one) => one.textContent);
  return named.find((one) => /^[0-9A-Z]{8,}$/.test(one));
};
window.search = (text) => {
  document.getElementById("find").value = text;
  document.getElementById("filters").requestSubmit();
};
window.key = (one) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: one, bubbles: true }));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def first_paints(browser: Browser, address: str, screen: str, rounds: int) -> tuple[list[Waited], list[Waited]]:
    """The first paint by readers who were never there, and by the same when they come back."""
    fresh: list[Waited] = []
    again: list[Waited] = []
    for _ in range(rounds):
        with _reader(browser, screen) as (page, spent):
            for found in (fresh, again):
                page.goto("about:blank")
                before = spent()
                page.goto(address, wait_until="commit")
                wall = float(page.evaluate(_PAINTED))
                found.append(Waited(wall, spent() - before))
    return fresh, again


def waits(
    browser: Browser, address: str, screen: str, rounds: int, told: Callable[[str], None]
) -> dict[str, list[Waited]]:
    """Each act, one after the other on one page, so many times. What the log at hand cannot show is told."""
    found: dict[str, list[Waited]] = {}
    for _ in range(rounds):
        with _reader(browser, screen) as (page, spent):
            page.goto(address, wait_until="networkidle")
            for one in ACTS:
                page.evaluate(_HELP)
                before = spent()
                try:
                    wall = float(page.evaluate(_WAITED, [one.act, one.wanted]))
                    found.setdefault(one.name, []).append(Waited(wall, spent() - before))
                except Error as error:
                    told(f"{one.name}: {error.message.splitlines()[0]}")
                page.wait_for_timeout(SETTLED_S * 1000)
    return found


@contextmanager
def _reader(browser: Browser, screen: str) -> Iterator[tuple[Page, Callable[[], float]]]:
    """A fresh browser, and what its page's main thread has spent so far, in milliseconds."""
    context = browser.new_context(viewport=SCREENS[screen], locale="en-US", timezone_id="Asia/Taipei")
    page = context.new_page()
    inner = context.new_cdp_session(page)
    inner.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = inner.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    try:
        yield page, spent
    finally:
        context.close()
