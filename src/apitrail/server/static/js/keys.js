// Keys beside those of the rows: / searches, f filters, o opens the entry by itself, c copies its link, l is the live
// switch, ? lists them all.
import { current } from "./rows.js";
import { single } from "./single.js";

function help() {
  const dialog = document.getElementById("keys");
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#show-keys")) help();
});

const deeds = {
  "/": () => document.getElementById("find")?.focus(),
  f: () => document.querySelector("#filters .menu summary")?.focus(),
  "?": help,
  l: () => document.getElementById("live")?.click(),
  o: () => {
    const entry = current()?.dataset.entry;
    if (entry) location.assign(`/entries/${entry}`);
  },
  c: () => {
    const entry = current()?.dataset.entry;
    if (!entry) return;
    const own = document.querySelector(`#panel-${CSS.escape(entry)} [data-copy]`);
    if (own) own.click();
    else document.dispatchEvent(new CustomEvent("apitrail:copy", { detail: { url: `/entries/${entry}`, row: entry } }));
  },
};

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || !single()) return;
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing && !["radio", "checkbox"].includes(typing.type)) return;
  const deed = Object.hasOwn(deeds, event.key) && deeds[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
});
