// The search box: what may be meant is listed while one types; arrows choose, Tab or Enter takes, Escape closes.
const WAIT_MS = 120;
let waiting = 0;

const box = () => document.getElementById("find");
const list = () => document.getElementById("suggestions");
const chosen = () => list()?.querySelector("[aria-selected='true']");

function close() {
  clearTimeout(waiting);
  if (!list()) return;
  list().hidden = true;
  box().setAttribute("aria-expanded", "false");
  box().removeAttribute("aria-activedescendant");
}

async function look() {
  const field = box();
  const typed = field.value;
  if (!typed.trim()) return close();
  const address = new URL(field.dataset.suggest, location.href);
  address.searchParams.set("text", typed);
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || box() !== field || field.value !== typed || document.activeElement !== field) return;
  list().innerHTML = await answer.text();
  list().hidden = !list().children.length;
  field.setAttribute("aria-expanded", String(!list().hidden));
  field.removeAttribute("aria-activedescendant");
}

function choose(item) {
  chosen()?.setAttribute("aria-selected", "false");
  item.setAttribute("aria-selected", "true");
  item.scrollIntoView({ block: "nearest" });
  box().setAttribute("aria-activedescendant", item.id);
}

function take(item) {
  box().value = item.dataset.line;
  box().focus();
  close();
  if (item.dataset.line.endsWith(":")) look();
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "find" || !event.target.dataset.suggest) return;
  clearTimeout(waiting);
  waiting = setTimeout(look, WAIT_MS);
});
document.addEventListener("focusin", (event) => {
  if (event.target.id !== "find" || !list()) return;
  event.target.setAttribute("role", "combobox");
  event.target.setAttribute("aria-autocomplete", "list");
  event.target.setAttribute("aria-controls", "suggestions");
  event.target.setAttribute("aria-expanded", "false");
});
document.addEventListener("focusout", (event) => {
  if (event.target.id === "find") setTimeout(close, 150);
});
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest("#suggestions li");
  if (!item) return;
  event.preventDefault();
  take(item);
});
document.addEventListener("submit", close);
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "find" || !list() || list().hidden) return;
  const items = [...list().children];
  const here = items.indexOf(chosen());
  if (event.key === "ArrowDown") choose(items[(here + 1) % items.length]);
  else if (event.key === "ArrowUp") choose(items[(here - 1 + items.length) % items.length]);
  else if ((event.key === "Enter" || event.key === "Tab") && here >= 0) take(items[here]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
