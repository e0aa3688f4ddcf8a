// Times in the reader's own zone. They are whole in the HTML already; only the zone changes, and the server is told
// of it, so that the next page comes right at once. A page whose address names a zone is left alone.
const root = document.documentElement;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const held = root.hasAttribute("data-zone-held");

const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
});

function local(iso) {
  const found = Object.fromEntries(parts.formatToParts(new Date(iso)).map((part) => [part.type, part.value]));
  return {
    date: `${found.year}-${found.month}-${found.day}`,
    clock: `${found.hour}:${found.minute}:${found.second}`,
    fraction: found.fractionalSecond,
  };
}

function convert(scope) {
  for (const element of scope.querySelectorAll("time[datetime]")) {
    const { date, clock, fraction } = local(element.dateTime);
    element.querySelector(".date").textContent = date;
    element.querySelector(".clock").textContent = element.hasAttribute("data-exact") ? `${clock}.${fraction}` : clock;
  }
  for (const element of scope.querySelectorAll("[data-zone]")) {
    if (element !== root) element.textContent = zone;
  }
  for (const field of scope.querySelectorAll("input[data-instant]")) {
    if (!field.dataset.instant) continue;
    const { date, clock } = local(field.dataset.instant);
    field.value = `${date}T${clock}`;
  }
}

if (zone && !held) {
  document.cookie = `apitrail_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  if (root.dataset.zone !== zone) {
    convert(document);
    root.dataset.zone = zone;
    document.addEventListener("htmx:afterSwap", () => convert(document));
  }
}
