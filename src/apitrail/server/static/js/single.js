// Whether keys of one character act: j, c, ? and the others. Whoever steers by voice says words that are taken for such
// keys, and turns them off (WCAG 2.2, 2.1.4).
import { keep, kept } from "./kept.js";

const KEPT = "apitrail.keys";
let act = kept(KEPT) !== "off";

export function single() {
  return act;
}

document.addEventListener("change", ({ target }) => {
  if (target.id !== "single") return;
  act = target.checked;
  keep(KEPT, act ? "on" : "off");
});

const box = document.getElementById("single");
if (box) box.checked = act;
