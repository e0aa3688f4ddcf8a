// The histogram: counts under the pointer or the arrow keys, a drag zooms into the time, a click on a colour filters.
import { go } from "./list.js";
import { local } from "./time.js";

const OUTCOMES = ["platform_error", "request_error", "partial", "warning", "success"];
let from = null; // the bar where a drag or a choice by keys began
let at = null;

const figure = () => document.getElementById("histogram");
const numbers = () => JSON.parse(figure().dataset.numbers);

function barAt(event) {
  const box = figure().querySelector(".plot").getBoundingClientRect();
  const count = numbers().edges.length - 1;
  return Math.min(Math.max(Math.floor(((event.clientX - box.left) / box.width) * count), 0), count - 1);
}

function moment(second) {
  const { date, clock } = local(new Date(second * 1000).toISOString());
  return `${date} ${clock}`;
}

function show() {
  const { edges, counts } = numbers();
  const names = JSON.parse(figure().dataset.names);
  const [first, last] = [Math.min(from ?? at, at), Math.max(from ?? at, at)];
  const unit = figure().querySelector(".bars").viewBox.baseVal.width / (edges.length - 1);
  const brush = figure().querySelector(".brush");
  brush.setAttribute("x", first * unit);
  brush.setAttribute("width", (last - first + 1) * unit);
  const reading = figure().querySelector(".reading");
  const list = document.createElement("ul");
  let total = 0;
  for (const outcome of OUTCOMES) {
    const sum = (counts[outcome] ?? []).slice(first, last + 1).reduce((a, b) => a + b, 0);
    total += sum;
    if (!sum) continue;
    const item = document.createElement("li");
    item.className = `tone-${outcome}`;
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    const count = document.createElement("b");
    count.textContent = sum.toLocaleString(document.documentElement.lang);
    item.append(swatch, names[outcome], " ", count);
    list.append(item);
  }
  const when = document.createElement("p");
  when.className = "when";
  when.textContent = `${moment(edges[first])} – ${moment(edges[last + 1])} · ${total.toLocaleString(document.documentElement.lang)}`;
  reading.replaceChildren(when, list);
  reading.hidden = false;
  const plot = figure().querySelector(".plot");
  const middle = plot.offsetLeft + ((first + last + 1) / 2 / (edges.length - 1)) * plot.offsetWidth;
  const left = Math.min(Math.max(middle - reading.offsetWidth / 2, 8), figure().offsetWidth - reading.offsetWidth - 8);
  reading.style.left = `${left}px`;
}

function hide() {
  from = at = null;
  figure()?.querySelector(".brush")?.setAttribute("width", 0);
  const reading = figure()?.querySelector(".reading");
  if (reading) reading.hidden = true;
}

function zoom() {
  const { edges } = numbers();
  const [first, last] = [Math.min(from ?? at, at), Math.max(from ?? at, at)];
  const url = new URL(figure().dataset.zoom, location.href);
  const written = (second) => `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  url.searchParams.set("from", written(edges[first]));
  url.searchParams.set("to", written(edges[last + 1] - 1));
  hide();
  go(url);
}

const plotOf = (event) => event.target.closest?.("#histogram .plot");

document.addEventListener("pointermove", (event) => {
  if (from !== null || plotOf(event)) {
    at = barAt(event);
    show();
  } else if (at !== null && document.activeElement !== figure()?.querySelector(".plot")) hide();
});
document.addEventListener("pointerdown", (event) => {
  if (!plotOf(event) || event.button !== 0) return;
  from = at = barAt(event);
  event.target.releasePointerCapture?.(event.pointerId);
});
document.addEventListener("pointerup", (event) => {
  if (from === null) return;
  at = barAt(event);
  const colour = from === at && event.target.closest("#histogram path");
  const chip = colour && document.querySelector(`#chips input[value="${colour.dataset.outcome}"]`);
  if (chip) {
    hide();
    chip.click();
  } else zoom();
});
document.addEventListener("pointercancel", hide);

document.addEventListener("keydown", (event) => {
  if (!plotOf(event)) return;
  const last = numbers().edges.length - 2;
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last };
  if (event.key in steps) {
    const begin = steps[event.key] > 0 || event.key === "Home" ? 0 : last;
    if (event.shiftKey) from ??= at ?? begin;
    else from = null;
    at = at === null && event.key !== "End" ? begin : Math.min(Math.max(at + steps[event.key], 0), last);
    show();
  } else if (event.key === "Enter" && at !== null) zoom();
  else if (event.key === "Escape") hide();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("focusout", (event) => {
  if (plotOf(event)) hide();
});
