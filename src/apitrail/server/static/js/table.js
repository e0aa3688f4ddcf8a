// The table as one likes it: columns chosen and remembered by this browser, ages kept true, the list of keys.
import { keep, kept } from "./kept.js";

const KEPT = "apitrail.columns";
const BY_DEFAULT = ["created_at", "action", "method", "source", "path", "status", "duration"];
const ASKED_FOR = ["platform", "account"];
const root = document.documentElement;

function shown() {
  try {
    return JSON.parse(kept(KEPT)) ?? BY_DEFAULT;
  } catch {
    return BY_DEFAULT;
  }
}

function lay() {
  const columns = shown();
  for (const column of BY_DEFAULT) root.classList.toggle(`hide-${column}`, !columns.includes(column));
  for (const column of ASKED_FOR) root.classList.toggle(`show-${column}`, columns.includes(column));
  for (const box of document.querySelectorAll("[data-column]")) box.checked = columns.includes(box.dataset.column);
  for (const cell of document.querySelectorAll(".log td[colspan]")) cell.colSpan = Math.max(columns.length, 1);
}

document.addEventListener("change", (event) => {
  const column = event.target.dataset?.column;
  if (!column) return;
  const chosen = [...document.querySelectorAll("[data-column]:checked")].map((box) => box.dataset.column);
  if (!chosen.length) {
    event.target.checked = true; // a table has a column
    return;
  }
  keep(KEPT, JSON.stringify(chosen));
  lay();
});

const units = [["agoHours", 3_600_000], ["agoMinutes", 60_000], ["agoSeconds", 1000]];

// In the words of the page, which every other page has too: a browser abbreviates in its own way.
function age() {
  const words = document.getElementById("log")?.dataset;
  for (const element of document.querySelectorAll(".ago")) {
    const since = Date.now() - Date.parse(element.parentElement.querySelector("time").dateTime);
    const [unit, length] = units.find(([, length]) => since >= length) ?? units[2];
    const said = words[unit].replace("{count}", Math.max(Math.floor(since / length), 0));
    if (element.textContent !== said) element.textContent = said;
  }
}

lay();
age();
setInterval(age, 15_000);
document.addEventListener("apitrail:shown", () => {
  lay();
  age();
});
