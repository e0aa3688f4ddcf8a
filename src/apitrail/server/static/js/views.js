// Saved views: names for filters. They are kept by this browser: nobody has an account here, and pages only read.
// Whoever wants to hand one on copies its link.
const KEPT = "apitrail.views";
const PASSING = ["open", "cursor", "lang"]; // of this moment, not of the view

function all() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(found) ? found.filter((one) => typeof one?.name === "string" && typeof one.query === "string") : [];
  } catch {
    return [];
  }
}

function keep(views) {
  localStorage.setItem(KEPT, JSON.stringify(views));
  show();
}

function here() {
  const query = new URL(location.href).searchParams;
  for (const name of PASSING) query.delete(name);
  return query.toString();
}

function show() {
  const menu = document.getElementById("views");
  if (!menu) return;
  const { take, away } = menu.dataset;
  const now = here();
  const items = all().map((view) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/?${view.query}`;
    link.textContent = view.name;
    if (view.query === now) link.setAttribute("aria-current", "true");
    link.title = take;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${away}: ${view.name}`);
    remove.addEventListener("click", (event) => {
      event.stopPropagation();
      keep(all().filter((one) => one.name !== view.name));
    });
    item.append(link, remove);
    return item;
  });
  menu.querySelector("ul").replaceChildren(...items);
  menu.querySelector(".none").hidden = items.length > 0;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("#views form")) return;
  event.preventDefault();
  const field = event.target.elements.name;
  const name = field.value.trim();
  if (!name) return;
  keep([...all().filter((one) => one.name !== name), { name, query: here() }]);
  field.value = "";
});

show();
document.addEventListener("htmx:pushedIntoHistory", show);
document.addEventListener("htmx:afterSettle", show);
addEventListener("storage", show);
