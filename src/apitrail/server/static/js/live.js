// New entries are announced and never moved in by themselves: what one reads stays where it is.
import { ask, dress, parsed } from "./asking.js";
import { keep, kept } from "./kept.js";
import { go, newer } from "./list.js";

const EVERY_MS = Number(document.documentElement.dataset.poll ?? 4000);
const LIVE_MS = 1500;

function address() {
  return document.getElementById("log")?.dataset.new;
}

const SWITCH = "apitrail.live";
let lasting = kept(SWITCH, "sessionStorage") === "on";

function live() {
  return document.getElementById("live")?.checked;
}

// Whoever has scrolled, opened an entry, marked a text or gone to a row by the keys is reading: what comes is announced
// only. So it is for whoever has typed what is not sent yet, where the list would begin anew and take that away.
const READING = ".panel-row, .menu[open], dialog[open], .toggle:focus-visible";
function comesIn(news) {
  if (document.getElementById("log").dataset.state === "empty") return true; // nothing is being read yet
  if (!live() || scrollY >= 40 || !getSelection().isCollapsed || document.querySelector(READING)) return false;
  return Boolean(news.dataset.rows && !long()) || !unsent();
}

function restore() {
  const box = document.getElementById("live");
  if (box && !box.disabled) box.checked = lasting;
}
restore();
document.addEventListener("apitrail:shown", restore);
document.addEventListener("change", (event) => {
  if (event.target.id !== "live") return;
  lasting = event.target.checked;
  keep(SWITCH, lasting ? "on" : "off", "sessionStorage");
  look();
});

// What is announced already is changed in place: it keeps the focus, and a screen reader says once that there is
// something new, not every few seconds how much. Of what comes in by itself the total is said, and that is enough.
function announce(news, silently) {
  const place = document.getElementById("announce");
  const link = place.querySelector("a.new");
  place.ariaLive = silently || (link && news) ? "off" : "polite";
  if (!news) link?.remove();
  else if (!link) place.replaceChildren(news);
  else if (!link.isEqualNode(news)) {
    dress(link, news);
    link.textContent = news.textContent;
  }
}

async function look() {
  const asked = address();
  if (!asked || document.hidden) return;
  const answer = await ask(asked);
  if (!answer?.ok || answer.elsewhere) return;
  if (asked !== address()) return; // the filters changed meanwhile
  const news = parsed(answer.text).querySelector("a.new");
  const enters = news && comesIn(news);
  announce(news, enters);
  if (enters) document.querySelector("#announce a").click();
}

async function run() {
  await look();
  setTimeout(run, live() ? LIVE_MS : EVERY_MS);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("#announce a.new");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (!document.querySelector("tbody.rows")) return;
  event.preventDefault();
  const focused = document.activeElement === link;
  const { rows, next } = link.dataset; // which may change while the rows come
  if (!rows) await go(link.href, { push: !live() }); // too many to put them before the others
  else if (await newer(rows)) {
    document.getElementById("log").dataset.new = next;
    link.remove();
    trim();
  } else return;
  if (focused && document.activeElement === document.body)
    document.querySelector("tbody.rows:not(.linked) .toggle")?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
});

// A list that lives for a day must not grow for a day: it begins anew, while nobody reads in it or types.
const MOST_ROWS = 500;
function long() {
  return document.querySelectorAll(".rows > .entry").length > MOST_ROWS;
}

function trim() {
  if (live() && long() && !unsent()) go(location.href, { push: false });
}

function unsent() {
  const fields = document.querySelectorAll("#find, #filters input:not([type='checkbox'], [type='hidden'])");
  return [...fields].some((field) => field.value !== (field.dataset.filled ?? field.defaultValue));
}

document.addEventListener("visibilitychange", look);
addEventListener("online", look);
setTimeout(run, EVERY_MS);
