// What is asked of the server while a page is open: parts of HTML, put in the place of what the page shows.
//
// A part is an element with `data-part`, of the same name on the page and in an answer. Only what differs is put in, so
// that what one is in (a menu, a region that is read out) stays the same element. A `data-shell` part gives its
// attributes alone, a field its value. After each change `apitrail:shown` tells what is new, and in whose zone its times are.
const KEPT = ["open", "data-part"]; // of attributes: the page's own

// A server that does not answer is said, and taken back as soon as it does: `apitrail:back` tells it. So is a login that
// has ended, with the way to sign in and come back to what is shown. Answers may come in another order than they were
// asked for: what a later question has found holds.
let asked = 0;
let heard = 0;
function tellReached(question, reached, signedOut) {
  if (question < heard) return;
  heard = question;
  const [offline, login] = ["offline", "signed-out"].map((id) => document.getElementById(id));
  const back = reached && !offline.hidden;
  offline.hidden = reached;
  login.hidden = !signedOut;
  login.querySelector("a").href = `/login?${new URLSearchParams({ next: location.pathname + location.search })}`;
  if (back) document.dispatchEvent(new CustomEvent("apitrail:back"));
}

// The answer; null where there is none, or another question took its place. `elsewhere`: it is the page to sign in.
export async function ask(url, signal) {
  const question = ++asked;
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
    const text = await answer.text();
    tellReached(question, true, answer.redirected);
    return { text, ok: answer.ok, elsewhere: answer.redirected, place: answer.headers.get("Content-Location") };
  } catch (error) {
    if (error.name !== "AbortError") tellReached(question, false, false);
    return null;
  }
}

export function parsed(html) {
  const held = document.createElement("template");
  held.innerHTML = html;
  return held.content;
}

export function tell(root, zone = "") {
  document.dispatchEvent(new CustomEvent("apitrail:shown", { detail: { root, zone } }));
}

// When what was changed is on the screen and nothing else is to be done, at the latest a little later.
const LATEST_MS = 200;
export function afterPaint(then) {
  requestAnimationFrame(() => {
    if (window.requestIdleCallback) requestIdleCallback(then, { timeout: LATEST_MS });
    else setTimeout(then, 30);
  });
}

export function dress(old, given) {
  for (const { name } of [...old.attributes]) {
    if (!KEPT.includes(name) && !given.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of given.attributes) {
    if (!KEPT.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// `typed`: whether one has typed in a field since the question was asked. That stays.
export function put(answer, typed = () => false) {
  const focused = document.activeElement;
  const places = new Map([...document.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  for (const part of answer.querySelectorAll("[data-part]")) {
    const place = places.get(part.dataset.part);
    if (!place) continue;
    const shell = part.dataset.shell !== undefined;
    if (!shell && place.matches("input")) {
      if (!typed(place)) place.value = part.value;
      place.defaultValue = part.value;
      continue;
    }
    dress(place, part);
    const kept = shell || place.isEqualNode(part) || [...place.querySelectorAll("input")].some(typed);
    if (!kept) place.replaceChildren(...part.childNodes);
  }
  if (focused.isConnected) return;
  // What had the focus is not there any more: what took its place has it, or else the list.
  const heir = (focused.id && document.getElementById(focused.id)) || document.getElementById("log");
  heir.focus({ preventScroll: true });
}

// What comes with the same answer and belongs elsewhere: it takes the place of what stands for it, or that goes.
function putAlso(id, found) {
  const waits = document.getElementById(id);
  const come = found?.querySelector(`[id="${id}"]`);
  if (!waits) return;
  if (come) waits.replaceWith(come);
  else waits.remove();
  if (come) tell(come);
}

// What an element says where more of it is: asked for when it is opened, or after the first paint with it.
async function load(place) {
  const { load: url, take, also } = place.dataset;
  delete place.dataset.load;
  const answer = await ask(url);
  const found = answer && !answer.elsewhere ? parsed(answer.text) : null;
  const wanted = take ? found?.querySelector(take) : found;
  place.classList.remove("coming");
  if (also) putAlso(also, found);
  if (!wanted || !place.isConnected) return;
  const body = place.matches("details") ? place.querySelector(".menu-body, .opened") : place;
  body.replaceChildren(wanted);
  tell(body);
}

document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.dataset.load) load(target);
}, true);

function loadAll(root) {
  for (const place of root.querySelectorAll(":not(details)[data-load]")) load(place);
}
document.addEventListener("apitrail:shown", ({ detail }) => afterPaint(() => loadAll(detail.root)));
afterPaint(() => loadAll(document));
