// Rows: a click or Enter expands one in place, j and k and the arrows move, Escape closes.
// The address names the entry opened last, so that it can be sent.
import { ask, parsed, tell } from "./asking.js";
import { single } from "./single.js";

const PARTS_OF_THEIR_OWN = "a, button, input, summary, label, .panel-row";

function row(toggle) {
  return toggle.closest(".entry");
}

function panelOf(entry) {
  const next = entry.nextElementSibling;
  return next?.classList.contains("panel-row") ? next : null;
}

function remember(id) {
  const address = new URL(location.href);
  if (id) address.searchParams.set("open", id);
  else address.searchParams.delete("open");
  history.replaceState(history.state, "", address);
}

function close(toggle) {
  panelOf(row(toggle))?.remove();
  toggle.setAttribute("aria-expanded", "false");
  toggle.removeAttribute("aria-controls");
  if (new URL(location.href).searchParams.get("open") !== toggle.dataset.entry) return;
  remember(document.querySelector(".log .toggle[aria-expanded='true']")?.dataset.entry);
}

async function open(toggle) {
  const entry = row(toggle);
  const id = toggle.dataset.entry;
  const panel = document.getElementById("loading").content.firstElementChild.cloneNode(true);
  panel.id = `p-${id}`;
  entry.after(panel);
  toggle.setAttribute("aria-expanded", "true");
  toggle.setAttribute("aria-controls", panel.id);
  remember(id);
  const wanted = new URL(toggle.href).searchParams;
  const kept = new URLSearchParams(["tz", "lang"].filter((name) => wanted.has(name)).map((name) => [name, wanted.get(name)]));
  const answer = await ask(`/entries/${id}/panel?${kept}`);
  const found = answer && !answer.elsewhere && parsed(answer.text).querySelector(".panel, .state");
  if (!found) {
    if (answer) location.assign(toggle.href); // to sign in, or to hear what is wrong
    else close(toggle);
    return;
  }
  panel.classList.remove("loading");
  panel.firstElementChild.replaceChildren(found);
  tell(panel);
}

function toggleRow(toggle) {
  if (toggle.getAttribute("aria-expanded") === "true") close(toggle);
  else open(toggle);
}

document.addEventListener("click", (event) => {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const entry = event.target.closest(".entry");
  if (!entry) return;
  const toggle = entry.querySelector(".toggle");
  const own = event.target.closest(PARTS_OF_THEIR_OWN);
  if (own && own !== toggle) return;
  if (!own && String(getSelection())) return; // somebody marks text to copy it
  event.preventDefault();
  toggleRow(toggle);
});

function move(step) {
  const toggles = [...document.querySelectorAll(".log .toggle")];
  if (!toggles.length) return;
  const here = toggles.indexOf(current());
  const next = toggles[here === -1 ? 0 : Math.min(Math.max(here + step, 0), toggles.length - 1)];
  next.focus({ preventScroll: true });
  row(next).scrollIntoView({ block: "nearest" });
}

// The row that has the focus, or whose panel has it.
export function current() {
  const at = document.activeElement;
  const panel = at?.closest(".panel-row");
  return (panel ? panel.previousElementSibling : at?.closest(".entry"))?.querySelector(".toggle");
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing && !["radio", "checkbox"].includes(typing.type)) return;
  const inRows = event.target.closest(".toggle");
  if ((event.key === "j" && single()) || (event.key === "ArrowDown" && inRows)) move(1);
  else if ((event.key === "k" && single()) || (event.key === "ArrowUp" && inRows)) move(-1);
  else if (event.key === "Escape" && current()?.getAttribute("aria-expanded") === "true") {
    const toggle = current();
    close(toggle);
    toggle.focus();
  } else return;
  event.preventDefault();
});

document.querySelector(".toggle[aria-expanded='true']")?.closest(".entry").scrollIntoView({ block: "center" });
