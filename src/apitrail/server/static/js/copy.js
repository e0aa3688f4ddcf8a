// Copy a link (absolute, and with the entry that is open) or a body's raw text. What became of it is told where the
// eye is, and in a live region, for a changed button is not read aloud.
import { elsewhere, zone } from "./time.js";

const TOLD_MS = 1500;

async function copy(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  // Pages that are served over plain HTTP have no clipboard of the newer kind.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "vh";
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  if (!done) throw new Error("copy");
}

async function told(text) {
  const said = document.getElementById("said");
  said.textContent = ""; // the same words twice are news only after none
  const { copied, failed } = said.dataset;
  const words = await copy(text).then(() => copied, () => failed);
  setTimeout(() => { said.textContent = words; }, 50);
  return words;
}

// A row that is not open has no button of its own: its link is copied all the same, and said where news are.
document.addEventListener("apitrail:copy", async ({ detail }) => {
  const seen = document.createElement("p");
  seen.className = "new";
  seen.ariaHidden = "true";
  seen.textContent = await told(new URL(detail.url, location.href).href);
  document.getElementById("announce").replaceChildren(seen);
  setTimeout(() => seen.remove(), TOLD_MS);
});

// A text for others is the server's, with its times in the zone that it knows. On a browser's first visit it knows none:
// where the text's times are not such as `time.js` converts, the server is asked for the same in the browser's zone. At
// once, for a clipboard is closed to what comes long after the click.
const texts = new Map();
for (const { dataset, href } of elsewhere ? document.querySelectorAll("a[data-copy-text]") : []) {
  if (document.getElementById(dataset.copyText).querySelector("[data-zone]")) continue;
  const address = new URL(href);
  address.searchParams.set("tz", zone);
  const asked = fetch(address).then((answer) => (answer.ok ? answer.text() : ""), () => "");
  texts.set(dataset.copyText, asked);
}

const labels = new WeakMap(); // what a button says when it has nothing to tell

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy], [data-copy-text]");
  if (!button) return;
  if (button.matches("a")) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault(); // without a script it leads to the text
  }
  let text;
  if (button.dataset.copyText) {
    const own = document.getElementById(button.dataset.copyText).textContent;
    text = (await texts.get(button.dataset.copyText)) || own;
  } else {
    const link = new URL(button.dataset.copy, location.href);
    const open = new URL(location.href).searchParams.get("open");
    if (open && link.pathname === "/") link.searchParams.set("open", open);
    text = link.href;
  }
  if (!labels.has(button)) labels.set(button, button.textContent);
  button.textContent = await told(text);
  setTimeout(() => {
    button.textContent = labels.get(button) ?? button.textContent;
    labels.delete(button);
  }, TOLD_MS);
});
