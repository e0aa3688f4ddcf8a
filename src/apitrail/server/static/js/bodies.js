// Within a body: folding at its brackets, and finding text without touching the document (megabytes stay quick).
import { extend } from "./pieces.js";

const MOST = 2000;
const PIECES = 5; // that one press of Enter looks through
let ranges = [];
let here = -1;

document.addEventListener("click", (event) => {
  const bracket = event.target.closest(".view .t");
  if (bracket && !String(getSelection())) bracket.classList.toggle("shut");
  const all = event.target.closest(".fold-all");
  if (!all) return;
  const shut = all.dataset.shut === undefined;
  const brackets = [...all.closest(".side").querySelectorAll(".pretty .t")].slice(1); // the outermost stays open
  for (const one of brackets) one.classList.toggle("shut", shut);
  all.toggleAttribute("data-shut", shut); // its words say what it does next: no `aria-pressed` beside them
  all.textContent = shut ? all.dataset.unfold : all.dataset.fold;
});

// The text of what is shown, and where each piece of it is.
function pieces(side) {
  const found = [];
  let text = "";
  for (const view of side.querySelectorAll(".view, .headers td, .headers th")) {
    if (view.matches(".view") && getComputedStyle(view).display === "none") continue;
    const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (walker.currentNode.parentElement.closest(".gloss")) continue;
      found.push([text.length, walker.currentNode]);
      text += walker.currentNode.data;
    }
    text += "\0"; // nothing is found across two views
  }
  return [text, found];
}

function at(found, offset) {
  let low = 0;
  let high = found.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (found[middle][0] <= offset) low = middle;
    else high = middle - 1;
  }
  return [found[low][1], offset - found[low][0]];
}

function look(side, wanted) {
  ranges = [];
  here = -1;
  if (wanted) {
    const [text, found] = pieces(side);
    const low = text.toLowerCase();
    const sought = wanted.toLowerCase();
    // Lower case may be longer than what it is made of: then only what is spelt alike is found.
    const where = low.length === text.length ? low : text;
    for (let from = where.indexOf(sought); from !== -1 && ranges.length < MOST; from = where.indexOf(sought, from + sought.length)) {
      const range = new Range();
      range.setStart(...at(found, from));
      const [node, offset] = at(found, from + sought.length - 1);
      range.setEnd(node, offset + 1);
      ranges.push(range);
    }
  }
  if (CSS.highlights) CSS.highlights.set("within", new Highlight(...ranges));
}

function go(side, step) {
  if (ranges.length) {
    here = (here + step + ranges.length) % ranges.length;
    const range = ranges[here];
    for (let one = range.startContainer.parentElement; one && one !== side; one = one.parentElement) {
      if (one.matches(".fold")) one.previousElementSibling?.classList.remove("shut");
      if (one.matches("details")) one.open = true;
    }
    if (CSS.highlights) CSS.highlights.set("within-here", new Highlight(range));
    const view = range.startContainer.parentElement.closest(".view");
    const box = range.getBoundingClientRect();
    if (view) view.scrollTop += box.top - view.getBoundingClientRect().top - view.clientHeight / 3;
    (view ?? range.startContainer.parentElement).scrollIntoView({ block: "nearest" });
  } else CSS.highlights?.delete("within-here");
}

function say(field) {
  const more = ranges.length === MOST || field.closest(".side").querySelector(".rest");
  const many = `${ranges.length}${more ? "+" : ""}`;
  field.parentElement.querySelector(".hits").textContent = field.value ? `${Math.max(here + 1, 0)}/${many}` : "";
}

document.addEventListener("input", (event) => {
  if (!event.target.matches(".within input")) return;
  const side = event.target.closest(".side");
  look(side, event.target.value);
  go(side, 1);
  say(event.target);
});

// Past the last hit of what is there, the search goes on in what is not there yet.
async function further(field) {
  const side = field.closest(".side");
  const [known, was] = [ranges.length, here];
  for (let count = 0; count < PIECES && ranges.length === known; count += 1) {
    const note = side.querySelector(".rest[data-next]");
    if (!note) return;
    await extend(note);
    look(side, field.value);
    here = was;
  }
}

document.addEventListener("keydown", async (event) => {
  const field = event.target;
  if (!field.matches?.(".within input") || event.key !== "Enter") return;
  event.preventDefault();
  if (!event.shiftKey && field.value && here === ranges.length - 1) await further(field);
  go(field.closest(".side"), event.shiftKey ? -1 : 1);
  say(field);
});
