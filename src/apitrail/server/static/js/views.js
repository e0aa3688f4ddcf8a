// Saved views: names for filters. One's own are kept by this browser, shared ones by the server, for everyone.
import { keep, kept } from "./kept.js";

const KEPT = "apitrail.views";
const SHARED = "/api/v1/views";
const PASSING = ["open", "cursor", "lang"]; // of this moment, not of the view

const menu = () => document.getElementById("views");

function all() {
  try {
    const found = JSON.parse(kept(KEPT));
    return Array.isArray(found) ? found.filter((one) => typeof one?.name === "string" && typeof one.query === "string") : [];
  } catch {
    return [];
  }
}

function keepOwn(views) {
  keep(KEPT, JSON.stringify(views));
  show();
}

function here() {
  const query = new URL(location.href).searchParams;
  for (const name of PASSING) query.delete(name);
  return query.toString();
}

// The same filters in another order are the same view.
function same(one, other) {
  const parts = (query) => [...new URLSearchParams(query)].map(String).sort().join("\n");
  return parts(one) === parts(other);
}

function item(view, forget) {
  const { take, away } = menu().dataset;
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/?${view.query}`;
  link.textContent = view.name;
  if (same(view.query, here())) link.setAttribute("aria-current", "true");
  link.title = take;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", `${away}: ${view.name}`);
  remove.addEventListener("click", (event) => {
    event.stopPropagation();
    forget(view.name);
  });
  item.append(link, remove);
  return item;
}

function fill(kind, views, forget) {
  menu().querySelector(`ul.${kind}`).replaceChildren(...views.map((view) => item(view, forget)));
  menu().querySelector(`.none-${kind}`).hidden = views.length > 0;
}

// What the server put into the page, and what it answered since.
function shared() {
  const links = [...menu().querySelectorAll("ul.shared a")];
  return links.map((link) => ({ name: link.textContent, query: new URL(link.href).search.slice(1) }));
}

async function ask(method, address, body) {
  const trouble = menu().querySelector(".trouble");
  trouble.hidden = true;
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (answer?.ok) {
    fill("shared", said.views, forgetShared);
    return true;
  }
  trouble.textContent = [menu().dataset.failed, said?.error?.reason, said?.error?.fix].filter(Boolean).join(" ");
  trouble.hidden = false;
  return false;
}

function forgetOwn(name) {
  keepOwn(all().filter((one) => one.name !== name));
}

function forgetShared(name) {
  if (confirm(menu().dataset.sure)) ask("DELETE", `${SHARED}?name=${encodeURIComponent(name)}`);
}

function show() {
  if (!menu()) return;
  fill("own", all(), forgetOwn);
  fill("shared", shared(), forgetShared);
}

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("#views form")) return;
  event.preventDefault();
  const fields = event.target.elements;
  const name = fields.name.value.trim();
  const view = { name, query: here() };
  if (!name) return;
  if (!fields.shared.checked) keepOwn([...all().filter((one) => one.name !== name), view]);
  else {
    const taken = shared().some((one) => one.name === name && !same(one.query, view.query));
    if (taken && !confirm(menu().dataset.replace)) return;
    if (!(await ask("PUT", SHARED, view))) return;
  }
  fields.name.value = "";
});

show();
document.addEventListener("apitrail:shown", ({ detail }) => {
  if (detail.root.id === "log") show();
});
addEventListener("storage", show);
