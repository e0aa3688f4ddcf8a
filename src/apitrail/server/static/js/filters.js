// Filters: a choice applies at once, menus close by themselves, long lists can be searched.
import { go } from "./list.js";
import { held } from "./time.js";

const WAIT_MS = 150;
let waiting = 0;

// Where there are too many to list, the server looks. What is chosen already stays in the form.
async function search(field) {
  const address = new URL(field.dataset.search, location.href);
  address.searchParams.set("wanted", field.value);
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || address.searchParams.get("wanted") !== field.value) return;
  field.parentElement.querySelector("ul").innerHTML = await answer.text();
}

const form = () => document.getElementById("filters");

document.addEventListener("change", (event) => {
  if (event.target.matches("#filters input[type='checkbox'], #filters .line > *")) form().requestSubmit();
});

document.addEventListener("input", (event) => {
  if (!event.target.matches(".menu-search")) return;
  if (event.target.dataset.search) {
    clearTimeout(waiting);
    waiting = setTimeout(search, WAIT_MS, event.target);
    return;
  }
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of event.target.parentElement.querySelectorAll("li")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
});

// Only what says something goes into the address, and instants that mean the same to every reader.
function chosen() {
  const parameters = new URLSearchParams([...new FormData(form())].filter(([, value]) => value));
  const fields = ["from", "to"].map((name) => document.getElementById(name));
  const untouched = fields.every((field) => field.value === (field.dataset.filled ?? ""));
  if (document.querySelector(".between").dataset.quick !== undefined && untouched) {
    fields.forEach((field) => parameters.delete(field.name));
    return parameters;
  }
  parameters.delete("range");
  for (const field of fields) {
    if (!field.value) continue;
    if (field.value === field.dataset.filled) parameters.set(field.name, field.dataset.instant);
    else if (!held) parameters.set(field.name, `${new Date(field.value).toISOString().slice(0, 19)}Z`);
  }
  return parameters;
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "filters") return;
  event.preventDefault();
  go(`/?${chosen()}`);
});

// Another zone changes every time on the page: it is loaded anew.
document.addEventListener("change", (event) => {
  if (event.target.id !== "tz") return;
  const address = new URL(location.href);
  if (event.target.value) address.searchParams.set("tz", event.target.value);
  else address.searchParams.delete("tz");
  location.assign(address);
});

// What is only for readers without a script.
function clear() {
  for (const element of document.querySelectorAll(".plain")) element.remove();
}
clear();

// The choices of a menu may be new; what is sought in it stays.
document.addEventListener("apitrail:shown", ({ detail }) => {
  if (detail.root.id !== "log") return;
  clear();
  for (const field of document.querySelectorAll(".menu-search")) {
    if (field.value) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// A menu that stays open would hide what has the focus after it. A click on a choice's words gives the focus to the
// page around the menu, and the choice has it next.
for (const left of ["click", "focusin"]) {
  document.addEventListener(left, (event) => {
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (menu.contains(event.target)) continue;
      if (left === "focusin" && event.target.contains(menu)) continue;
      menu.open = false;
    }
  });
}

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  }
}, true);
