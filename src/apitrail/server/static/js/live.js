// New entries are announced and never moved in by themselves: what one reads stays where it is.
import { reachable } from "./filters.js";

const EVERY_MS = Number(document.documentElement.dataset.poll ?? 4000);

function address() {
  return document.getElementById("log")?.dataset.new;
}

async function look() {
  const asked = address();
  if (!asked || document.hidden) return;
  try {
    const answer = await fetch(asked, { headers: { Accept: "text/html" } });
    reachable(true);
    if (asked !== address()) return; // the filters changed meanwhile
    if (!answer.ok) return;
    const place = document.getElementById("announce");
    const text = answer.status === 204 ? "" : await answer.text();
    if (place.innerHTML.trim() === text.trim()) return; // said already: a screen reader need not say it again
    place.innerHTML = text;
    // Where nothing is being read yet, the first entries may come in by themselves.
    if (text && document.getElementById("log").dataset.state === "empty") place.querySelector("a").click();
  } catch {
    reachable(false);
  }
}

async function run() {
  await look();
  setTimeout(run, EVERY_MS);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("#announce a[data-rows]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const first = document.querySelector("tbody.rows");
  if (!first) return;
  event.preventDefault();
  await htmx.ajax("GET", link.dataset.rows, { target: first, swap: "beforebegin" });
  document.getElementById("log").dataset.new = link.dataset.next;
  link.remove();
  scrollTo({ top: 0 });
});

document.addEventListener("visibilitychange", look);
setTimeout(run, EVERY_MS);
