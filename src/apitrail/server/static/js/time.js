// Times in the reader's own zone. They are whole in the HTML already; only the zone changes, and the server is told
// of it, so that the next page comes right at once. A page whose address names a zone keeps to that one.
import { keep, kept } from "./kept.js";

const root = document.documentElement;
const browsers = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const held = root.hasAttribute("data-zone-held");
export const zone = held || !browsers ? root.dataset.zone : browsers;
export const elsewhere = zone !== root.dataset.zone;

const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
});

export function local(iso) {
  const found = Object.fromEntries(parts.formatToParts(new Date(iso)).map((part) => [part.type, part.value]));
  return {
    date: `${found.year.padStart(4, "0")}-${found.month}-${found.day}`,
    clock: `${found.hour}:${found.minute}:${found.second}`,
    fraction: found.fractionalSecond,
  };
}

function convert(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const { date, clock, fraction } = local(element.dateTime);
    element.querySelector(".date").textContent = date;
    element.querySelector(".clock").textContent = element.hasAttribute("data-exact") ? `${clock}.${fraction}` : clock;
  }
  for (const element of root.querySelectorAll(".c-at[title]")) {
    const { date, clock, fraction } = local(element.querySelector("time").dateTime);
    element.title = `${date} ${clock}.${fraction} ${zone}`;
  }
  for (const element of document.querySelectorAll("body [data-zone]")) element.textContent = zone;
  for (const element of root.querySelectorAll("text[data-instant]")) {
    const { date, clock } = local(element.dataset.instant);
    const minute = clock.slice(0, 5);
    element.textContent = { second: clock, minute, moment: `${date.slice(5)} ${minute}`, day: date }[element.dataset.form];
  }
}

// The two fields of the range: where a quick range stands now, to begin from.
function fill() {
  for (const field of document.querySelectorAll("input[data-instant]")) {
    if (!field.dataset.instant || field.dataset.filled) continue;
    const { date, clock } = local(field.dataset.instant);
    field.value = `${date}T${clock}`;
    field.dataset.filled = field.value;
  }
}

function nameOwn() {
  const own = document.querySelector("#tz [data-own]");
  if (own && browsers) own.textContent = `${own.dataset.own}: ${browsers}`;
}

// A time that is typed is read in the zone beside it: it must be the one that all other times are shown in.
function chooseOwn() {
  for (const select of document.querySelectorAll('select[name="tz"]')) {
    if (select.querySelector("[data-own]") || select.value !== root.dataset.zone) continue;
    if (![...select.options].some((one) => one.value === zone)) select.add(new Option(zone, zone));
    select.value = zone;
  }
}

// A page whose very range depends on the zone ("yesterday at 18:00") is asked for again, once, now that the zone is known.
function again() {
  if (!elsewhere || !document.querySelector("[data-by-zone]") || !document.cookie.includes(`apitrail_tz=${zone}`)) return;
  if (kept("apitrail-zone", "sessionStorage") === zone) return; // the server does not know this zone
  keep("apitrail-zone", zone, "sessionStorage");
  if (kept("apitrail-zone", "sessionStorage")) location.reload();
}

if (browsers && !held) document.cookie = `apitrail_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
if (elsewhere) {
  convert(document);
  chooseOwn();
}
fill();
nameOwn();
addEventListener("load", () => setTimeout(again));
document.addEventListener("apitrail:shown", ({ detail }) => {
  nameOwn();
  if (elsewhere && detail.zone !== zone) convert(detail.root);
  fill();
});
