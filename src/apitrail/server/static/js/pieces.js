// A body of megabytes comes in pieces: the next when one has scrolled near the end of what is there, or asks for it.
import { ask, parsed } from "./asking.js";

const NEAR = 1.5; // heights of the view

// The fold in which the text ends: it is open, for after one that is closed its bracket follows.
function innermost(view) {
  let one = view;
  while (one.lastChild?.classList?.contains("fold")) one = one.lastChild;
  return one;
}

// What comes after an element of class `up` is a level further out.
function put(view, piece) {
  let place = innermost(view);
  for (const node of [...piece.childNodes]) {
    if (node.classList?.contains("up")) place = place.parentElement.closest(".fold") ?? view;
    else place.append(node);
  }
}

export async function extend(note) {
  if (note.getAttribute("aria-busy") === "true") return;
  note.setAttribute("aria-busy", "true");
  const answer = await ask(note.dataset.next);
  if (!answer?.ok || answer.elsewhere) return note.removeAttribute("aria-busy");
  const held = parsed(answer.text);
  const side = note.closest(".side");
  const shut = Boolean(side.querySelector(".fold-all[data-shut]"));
  if (shut) for (const bracket of held.querySelectorAll(".t")) bracket.classList.add("shut");
  for (const kind of ["pretty", "raw"]) {
    const piece = held.querySelector(`pre.${kind}`);
    if (piece) put(side.querySelector(`pre.view.${kind}`), piece);
  }
  const focused = note.contains(document.activeElement);
  const left = held.querySelector(".rest");
  if (left) note.replaceWith(left);
  else note.remove();
  if (focused) (left?.querySelector(".next-piece") ?? side.querySelector("pre.view")).focus();
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".next-piece")) extend(event.target.closest(".rest"));
});
document.addEventListener("scroll", ({ target }) => {
  if (!target.matches?.("pre.view")) return;
  const note = target.closest(".side").querySelector(".rest[data-next]");
  if (note && target.scrollHeight - target.scrollTop < (1 + NEAR) * target.clientHeight) extend(note);
}, { capture: true, passive: true });
