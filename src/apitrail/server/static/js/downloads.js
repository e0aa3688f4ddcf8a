// How far a download is: the browser knows bytes alone, the server how many entries it has read for it.
const EVERY_MS = 500;
const SAID_MS = 10_000; // how long it is said that one is there
const TRIES = 20; // until the server knows of it
const LANG = document.documentElement.lang;
let following = "";
let hiding = 0;

function say(kind, sent, all) {
  const place = document.getElementById("downloading");
  const number = (one) => one.toLocaleString(LANG);
  const text = place.dataset[kind].replace("{sent}", number(sent)).replace("{all}", number(all));
  const bar = document.createElement("progress");
  if (all) bar.max = all;
  if (all) bar.value = Math.min(sent, all);
  bar.setAttribute("aria-hidden", "true");
  place.replaceChildren(text, ...(kind === "running" || kind === "of" ? [bar] : []));
  place.hidden = false;
  clearTimeout(hiding);
  if (kind === "done") hiding = setTimeout(() => { place.hidden = true; }, SAID_MS);
}

async function follow(key, all) {
  following = key;
  let sent = 0;
  for (let tries = 0; following === key; ) {
    const answer = await fetch(`/api/v1/exports/${key}`).catch(() => null);
    const said = answer?.ok ? await answer.json() : null;
    const told = said?.state === "unknown" ? null : said;
    if (following !== key) return;
    if (told) sent = told.entries;
    if (told && told.state !== "running") return say(told.state, sent, all);
    if (!told && (tries += 1) === TRIES) return; // another server may send it
    if (told) say(all ? "of" : "running", sent, all);
    await new Promise((next) => setTimeout(next, EVERY_MS));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-format]");
  if (!link) return;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const address = new URL(link.href);
  address.searchParams.set("download", key);
  link.href = address;
  follow(key, Number(link.closest("ul").dataset.entries));
});
