// New entries are announced and never moved in by themselves: what one reads stays where it is.
import { ask } from "./asking.js";
import { go, newer } from "./list.js";

const EVERY_MS = Number(document.documentElement.dataset.poll ?? 4000);
const LIVE_MS = 1500;

function address() {
  return document.getElementById("log")?.dataset.new;
}

const SWITCH = "apitrail.live";
let lasting = sessionStorage.getItem(SWITCH) === "on";

function live() {
  return document.getElementById("live")?.checked;
}

// Whoever has scrolled, opened an entry or marked a text is reading: what comes is announced only.
function atTheTop() {
  return scrollY < 40 && getSelection().isCollapsed && !document.querySelector(".panel-row, .menu[open], dialog[open]");
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
  sessionStorage.setItem(SWITCH, lasting ? "on" : "off");
  look();
});

async function look() {
  const asked = address();
  if (!asked || document.hidden) return;
  const answer = await ask(asked);
  if (!answer?.ok || answer.elsewhere) return;
  if (asked !== address()) return; // the filters changed meanwhile
  const place = document.getElementById("announce");
  if (place.innerHTML.trim() === answer.text.trim()) return; // said already: a screen reader need not say it again
  place.innerHTML = answer.text;
  // Where nothing is being read yet, the first entries may come in by themselves.
  const empty = document.getElementById("log").dataset.state === "empty";
  if (answer.text && (empty || (live() && atTheTop()))) place.querySelector("a").click();
}

async function run() {
  await look();
  setTimeout(run, live() ? LIVE_MS : EVERY_MS);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("#announce a[data-rows]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (!document.querySelector("tbody.rows")) return;
  event.preventDefault();
  if (!(await newer(link.dataset.rows))) return;
  document.getElementById("log").dataset.new = link.dataset.next;
  link.remove();
  trim();
  scrollTo({ top: 0 });
});

// A list that lives for a day must not grow for a day: it begins anew, while nobody reads in it or types.
const MOST_ROWS = 500;
function trim() {
  if (!live() || unsent() || document.querySelectorAll(".rows > .entry").length <= MOST_ROWS) return;
  go(location.href, { push: false });
}

function unsent() {
  const fields = document.querySelectorAll("#find, #filters input:not([type='checkbox'], [type='hidden'])");
  return [...fields].some((field) => field.value !== (field.dataset.filled ?? field.defaultValue));
}

document.addEventListener("visibilitychange", look);
addEventListener("online", look);
setTimeout(run, EVERY_MS);
