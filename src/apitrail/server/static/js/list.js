// The list: asked for anew when its filters change, without loading the page; longer by older rows.
import { afterPaint, ask, parsed, put, tell } from "./asking.js";

const PATIENCE_MS = 150; // before the list is dimmed: an answer that is there by then need not announce itself
const LONG_MS = 1500; // before it is said why a text takes so long
const LOWEST = 36; // pixels of a row
let asking = null;
let owed = null; // what was asked last, where no answer came
let here = shown();

// What the address asks for; which entries are open is the rows' own. To go to a part of the page changes neither.
function shown() {
  const asked = new URLSearchParams(location.search);
  asked.delete("open");
  return asked.toString();
}

// Rows that are seen come at once, those below them when these are painted.
function later(answer, top) {
  const rows = [...answer.querySelectorAll(".rows > .entry")];
  const seen = Math.max(Math.ceil((innerHeight - top) / LOWEST), 1);
  if (rows.length <= seen || document.hidden || answer.querySelector(".panel-row")) return () => {};
  const range = new Range();
  range.setStartBefore(rows[seen]);
  range.setEndAfter(rows.at(-1).parentElement.lastChild);
  const body = rows[seen].parentElement;
  const rest = range.extractContents();
  return (zone) => afterPaint(() => {
    if (!body.isConnected) return;
    body.append(rest);
    tell(body, zone);
  });
}

export async function go(url, { push = true } = {}) {
  const asked = new URL(url, location.href);
  asking?.abort();
  const mine = asking = new AbortController();
  owed = null;
  const before = new Map([...document.querySelectorAll("#filters input")].map((field) => [field, field.value]));
  const log = document.getElementById("log");
  const slow = setTimeout(() => log.setAttribute("aria-busy", "true"), PATIENCE_MS);
  const said = document.createElement("p");
  said.className = "new";
  const long = asked.searchParams.has("text") && setTimeout(() => {
    said.textContent = log.dataset.slow;
    document.getElementById("announce").replaceChildren(said);
  }, LONG_MS);
  const answer = await ask(`/list${asked.search}`, mine.signal);
  clearTimeout(slow);
  clearTimeout(long);
  said.remove();
  if (asking !== mine) return;
  asking = null;
  log.removeAttribute("aria-busy");
  if (!answer) {
    owed = { url, push };
    return;
  }
  const found = parsed(answer.text);
  if (answer.elsewhere || !found.querySelector("[data-part]") || log.dataset.part === undefined) {
    location.assign(asked); // to sign in, or to hear what is wrong
    return;
  }
  const zone = found.querySelector("main").dataset.madeIn;
  const top = document.querySelector("[data-part='rows']").getBoundingClientRect().top;
  const follow = push ? later(found, top) : () => {}; // what one comes back to is whole, to be scrolled to where one was
  if (push && answer.place) history.pushState(null, "", answer.place);
  here = shown();
  document.getElementById("announce").replaceChildren();
  put(found, (field) => before.has(field) && before.get(field) !== field.value);
  tell(log, zone);
  follow(zone);
}

// What one chose while the server did not answer is shown when it does: the filters say it already.
document.addEventListener("apitrail:back", () => {
  if (owed) go(owed.url, owed);
});

addEventListener("popstate", () => {
  if (document.getElementById("log").dataset.part === undefined || shown() === here) return;
  go(location.href, { push: false });
});

async function older(link) {
  const place = link.closest("tbody");
  if (link.hasAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  const answer = await ask(link.dataset.rows);
  link.removeAttribute("aria-busy");
  if (!answer) return;
  const found = parsed(answer.text);
  const first = found.querySelector(".rows");
  if (!answer.ok || !first) {
    location.assign(link.href);
    return;
  }
  const focused = place.contains(document.activeElement);
  const follow = later(found, place.getBoundingClientRect().top);
  const zone = first.dataset.madeIn;
  place.replaceWith(found);
  if (focused) first.querySelector(".toggle")?.focus({ preventScroll: true });
  tell(first, zone);
  follow(zone);
}

// Rows that came since, before the others, and the counts that change with them.
export async function newer(url) {
  const answer = await ask(url);
  const found = answer?.ok && !answer.elsewhere && parsed(answer.text);
  const first = document.querySelector("tbody.rows:not(.linked)");
  if (!found || !first) return false;
  const rows = found.querySelector(".rows");
  // What was ahead of the clock may be listed already.
  for (const toggle of rows.querySelectorAll(".toggle[data-entry]"))
    if (document.querySelector(`.rows:not(.linked) .toggle[data-entry="${toggle.dataset.entry}"]`)) toggle.closest("tr").remove();
  first.before(rows);
  put(found);
  tell(document.getElementById("log"), rows.dataset.madeIn);
  return true;
}

// Another range is for what stands in the search box too, sent or not.
function withTyped(url) {
  const find = document.getElementById("find");
  const asked = new URL(url, location.href);
  if (find.value === find.defaultValue) return asked;
  if (find.value.trim()) asked.searchParams.set("text", find.value);
  else asked.searchParams.delete("text");
  return asked;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.matches(".older[data-rows]")) older(link);
  else if (link.closest("[data-list]")) go(link.closest(".quick") ? withTyped(link.href) : link.href);
  else return;
  event.preventDefault();
});
