// The page's script is a text, because the package is checked without browser
// types and the page must not load a second file. It is one program, so it is
// in one file; a test runs it in Chromium.

/** The script of the page. It draws only visible elements. */
export const SCRIPT = String.raw`
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const [LEFT, TOP, LANE, ARROWS, LABELS, ROWS] = [112, 30, 76, 1500, 60, 200];
const byId = (id) => document.getElementById(id);
const [chart, status, list, tip] = ["chart", "status", "list", "tip"].map(byId);
const hidden = new Set();
const end = Math.max(data.endAt, 1);
let [needle, picked, timer, drag] = ["", null, 0, null];
let [from, to] = [-0.02 * end, 1.02 * end];

const items = [
  ...data.messages.map((it) => ({ ...it, kind: "message", at: it.sentAt,
    last: it.arrivedAt ?? it.sentAt, lost: it.arrivedAt === null })),
  ...data.marks.map((it) => ({ ...it, last: it.at })),
].sort((a, b) => a.at - b.at);
for (const [index, item] of items.entries()) {
  item.index = index;
  item.search = (where(item) + " " + item.kind + " " + item.text).toLowerCase();
}
const failure = items.find((it) => it.kind === "failure");

function where(it) { return it.kind === "message" ? it.from + " → " + it.to : it.node || "run"; }
function seconds(ms, digits = 3) { return (ms / 1000).toFixed(digits) + " s"; }
function escape(text) { return String(text).replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";"); }
function cut(text, size) { return text.length > size ? text.slice(0, size - 1) + "…" : text; }
function x(at) { return LEFT + (at - from) / (to - from) * (chart.clientWidth - LEFT - 12); }
function shows(it) {
  if (it.kind === "failure") return true;
  const nodes = it.kind === "message" ? [it.from, it.to] : [it.node];
  return !nodes.some((name) => hidden.has(name)) && it.search.includes(needle);
}

function draw() {
  const nodes = data.nodes.filter((name) => !hidden.has(name));
  const y = (name) => TOP + LANE * (nodes.indexOf(name) + .5);
  const [width, height] = [chart.clientWidth, TOP + LANE * nodes.length + 8];
  const seen = items.filter((it) => it.at <= to && it.last >= from && shows(it));
  const messages = seen.filter((it) => it.kind === "message");
  const step = Math.ceil(messages.length / ARROWS);
  const areLostFew = messages.filter((it) => it.lost).length < ARROWS / 3;
  const arrows = messages.filter((it, index) =>
    index % step === 0 || it === picked || (it.lost && areLostFew));
  const isDense = arrows.length > 400;
  const parts = [drawAxis(height), ...data.faults.filter((it) => !hidden.has(it.node)).map((it) => drawBand(it, y))];
  for (const name of nodes) parts.push(drawLane(name, y(name), width));
  const lines = [], texts = [];
  const marks = seen.filter((it) => it.kind !== "message" && it.node && nodes.includes(it.node));
  const around = (at, top) => [at - 6, top - 6, at + 6, top + 6];
  const room = makeRoom([
    ...marks.map((it) => around(x(it.at), y(it.node))),
    ...arrows.filter((it) => it.lost).map((it) => around(...lostEnd(it, y))),
  ]);
  if (failure && failure.at >= from && failure.at <= to) lines.push(drawFailure(height, room));
  const isRoomy = arrows.length + marks.length <= LABELS * 4;
  const dots = marks.map((it) => drawMark(it, y(it.node), isRoomy && room, texts));
  for (const it of arrows) lines.push(drawMessage(it, y, isRoomy && room, texts, arrows.length <= LABELS));
  for (const name of nodes) texts.push(drawName(name, y(name)));
  chart.innerHTML = '<svg width="' + width + '" height="' + height + '"' + (isDense ? ' class="dense"' : "") + ">" +
    parts.join("") + lines.join("") + dots.join("") + texts.join("") + "</svg>";
  const drawn = step > 1 ? ", every " + step + "th drawn and what was lost: zoom in to see all" : "";
  status.textContent = messages.length + " of " + data.messages.length + " messages" + drawn +
    " · " + seconds(Math.max(from, 0)) + " – " + seconds(Math.min(to, end)) + " of " + seconds(end) +
    " · wheel to zoom, drag to move";
  clearTimeout(timer);
  timer = setTimeout(() => drawList(seen), 60);
}

/** Finds a place for text right or left of a point that covers no other text or mark. */
function makeRoom(boxes) {
  return (right, top, text, gap = 12) => {
    const size = text.length * 6.4;
    for (const left of [right, right - gap - size]) {
      const box = [left, top - 11, left + size, top + 3];
      const isFree = box[2] < chart.clientWidth && box[0] > LEFT &&
        !boxes.some((it) => it[0] < box[2] && box[0] < it[2] && it[1] < box[3] && box[1] < it[3]);
      if (!isFree) continue;
      boxes.push(box);
      const isRight = left === right;
      return '<text class="label" x="' + (isRight ? left : left + size) + '" y="' + top + '"' +
        (isRight ? "" : ' text-anchor="end"') + ">" + escape(text) + "</text>";
    }
    return "";
  };
}

function drawAxis(height) {
  const wanted = (to - from) / Math.max(2, (chart.clientWidth - LEFT) / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= wanted);
  const digits = Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(step) + 1e-9)));
  let text = "";
  for (let at = Math.ceil(Math.max(from, 0) / step) * step; at <= Math.min(to, end * 1.001); at += step) {
    text += '<line class="tick" x1="' + x(at) + '" x2="' + x(at) + '" y1="20" y2="' + height + '"/>' +
      '<text class="time" x="' + x(at) + '" y="13" text-anchor="middle">' + seconds(at, digits) + "</text>";
  }
  return text;
}

function drawBand(it, y) {
  const left = Math.max(LEFT, x(it.atMs)), right = Math.min(chart.clientWidth, x(it.atMs + Math.max(it.forMs, 0)));
  if (right < LEFT || left > chart.clientWidth) return "";
  const width = Math.max(3, right - left);
  const label = it.kind + (it.amountMs === undefined ? "" : " by " + seconds(it.amountMs)) +
    (it.forMs > 0 ? " for " + seconds(it.forMs) : "");
  const text = width > label.length * 5.8 ? label : width > it.kind.length * 6 ? it.kind : "";
  return '<g class="fault ' + it.kind + '" data-tip="' + escape(it.node + ": " + label + " at " + seconds(it.atMs)) + '">' +
    '<rect class="band" x="' + left + '" width="' + width + '" y="' + (y(it.node) - 30) + '" height="60" rx="3"/>' +
    '<text class="band-label" x="' + (left + 4) + '" y="' + (y(it.node) - 19) + '">' + text + "</text></g>";
}

function drawLane(name, y, width) {
  const line = (kind, a, b) => '<line class="' + kind + '" x1="' + a + '" x2="' + b + '" y1="' + y + '" y2="' + y + '"/>';
  let text = '<g class="lane" data-node="' + escape(name) + '">' + line("alive", Math.max(LEFT, x(0)), Math.min(width, x(end)));
  for (const gap of data.gaps.filter((it) => it.node === name)) {
    const a = Math.max(LEFT, x(gap.from)), b = Math.min(width, x(gap.to ?? end));
    if (b > a) text += line("gap", a, b) + line("dead", a, b);
  }
  return text + "</g>";
}

function drawName(name, y) {
  return '<rect class="side" x="0" y="' + (y - LANE / 2) + '" width="' + (LEFT - 6) + '" height="' + LANE + '"/>' +
    '<text class="name" x="0" y="' + (y + 4) + '">' + escape(cut(name, 15)) + "<title>" + escape(name) + "</title></text>";
}

/** Where the arrow of a message ends that did not arrive. */
function lostEnd(it, y) {
  const top = y(it.from);
  return [x(it.at) + (it.from === it.to ? 18 : 10), top + (y(it.to) - top) * .62];
}

function drawMessage(it, y, room, texts, isSparse) {
  const [x1, y1, isSelf] = [x(it.at), y(it.from), it.from === it.to];
  const [x2, yEnd] = it.lost ? lostEnd(it, y) : [Math.max(x(it.last), isSelf ? x1 + 18 : x1), y(it.to)];
  const path = isSelf ? "M" + x1 + " " + y1 + "C" + x1 + " " + (y1 - 30) + " " + x2 + " " + (y1 - 30) + " " + x2 + " " + y1
    : "M" + x1 + " " + y1 + "L" + x2 + " " + yEnd;
  const angle = isSelf ? Math.PI / 2 : Math.atan2(yEnd - y1, x2 - x1);
  const turn = ' transform="translate(' + x2 + " " + yEnd + ") rotate(" + angle * 180 / Math.PI + ')"';
  const tip = it.lost ? '<path class="cross" d="M-4-4L4 4M-4 4L4-4"' + turn + "/>" : '<path class="head" d="M0 0L-8-3.5L-8 3.5Z"' + turn + "/>";
  for (const part of !room ? [] : isSparse ? [.5, .3, .7] : [.5]) {
    const label = room(x1 + (x2 - x1) * part + 6, isSelf ? y1 - 26 : y1 + (yEnd - y1) * part + 4, cut(it.text, 28));
    texts.push(label);
    if (label !== "") break;
  }
  return '<g class="message' + (it.lost ? " lost" : "") + (it === picked ? " picked" : "") + '" data-index="' + it.index + '">' +
    '<path class="hit" d="' + path + '"/><path class="stroke" d="' + path + '"/>' + tip + "</g>";
}

function drawMark(it, y, room, texts) {
  const text = cut(it.kind === "note" ? it.text : it.kind, 28);
  const left = x(it.at);
  if (it.kind !== "fault" && it.kind !== "failure" && room) texts.push(room(left + 7, y + 18, text, 14));
  return '<g class="mark kind-' + it.kind + (it === picked ? " picked" : "") + '" data-index="' + it.index + '">' +
    '<circle cx="' + left + '" cy="' + y + '" r="' + (it.kind === "failure" ? 6 : 4) + '"/></g>';
}

function drawFailure(height, room) {
  const at = x(failure.at);
  return '<g class="failure" data-index="' + failure.index + '"><line x1="' + at + '" x2="' + at + '" y1="18" y2="' + height + '"/>' +
    room(at + 6, TOP + 2, cut(failure.text.split("\n")[0], 90)) + "</g>";
}

function drawList(seen) {
  const middle = picked && seen.includes(picked) ? seen.indexOf(picked) : failure && seen.includes(failure) ? seen.indexOf(failure) : 0;
  const first = Math.max(0, Math.min(middle - ROWS / 2, seen.length - ROWS));
  const rows = seen.slice(first, first + ROWS).map((it) =>
    '<tr data-index="' + it.index + '" class="kind-' + it.kind + (it.lost ? " lost" : "") + (it === picked ? " picked" : "") + '"><td>' +
    seconds(it.at) + "</td><td>" + escape(where(it)) + "</td><td>" +
    escape((it.kind === "message" || it.kind === "note" ? "" : it.kind + ": ") + it.text + (it.lost ? " (not received)" : "")) + "</td></tr>");
  if (first > 0) rows.unshift('<tr><td colspan="3">' + first + " earlier events in view</td></tr>");
  const after = seen.length - first - ROWS;
  if (after > 0) rows.push('<tr><td colspan="3">' + after + " later events in view</td></tr>");
  list.tBodies[0].innerHTML = rows.join("");
}

let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => { isDue = false; draw(); });
}
function view(a, b) {
  const size = Math.min(Math.max(b - a, .5), 1.04 * end);
  const start = Math.min(Math.max(a, -0.02 * end), 1.02 * end - size);
  [from, to] = [start, start + size];
  redraw();
}
function zoom(factor, at = (from + to) / 2) { view(at - (at - from) * factor, at + (to - at) * factor); }
function whole() { view(-0.02 * end, 1.02 * end); }
function center(at) { view(at - (to - from) / 2, at + (to - from) / 2); }
/** Shows some sixty events before the failure, or the last of the run. */
function jump() {
  const last = failure?.index ?? items.length - 1;
  const a = items[Math.max(0, last - 60)].at, b = items[last].at, pad = Math.max((b - a) * .08, 1);
  view(a - pad, b + pad);
}
function pick(target, isFar) {
  const index = target.closest("[data-index]")?.dataset.index;
  if (index === undefined) return;
  picked = items[index];
  if (isFar) center(picked.at); else redraw();
}

byId("in").onclick = () => zoom(.6);
byId("out").onclick = () => zoom(1 / .6);
byId("all").onclick = whole;
byId("jump").onclick = jump;
byId("text").oninput = (event) => { needle = event.target.value.trim().toLowerCase(); redraw(); };
for (const name of data.nodes) {
  const button = document.createElement("button");
  button.textContent = name;
  button.ariaPressed = "true";
  button.onclick = () => {
    if (!hidden.delete(name)) hidden.add(name);
    button.ariaPressed = String(!hidden.has(name));
    redraw();
  };
  byId("nodes").append(button);
}
list.onclick = (event) => pick(event.target, true);
chart.onclick = (event) => { if (!drag?.hasMoved) pick(event.target, false); };
chart.addEventListener("wheel", (event) => {
  if (event.shiftKey) return;
  event.preventDefault();
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    const shift = event.deltaX / chart.clientWidth * (to - from);
    return view(from + shift, to + shift);
  }
  const part = (event.clientX - chart.getBoundingClientRect().left - LEFT) / (chart.clientWidth - LEFT);
  zoom(1.002 ** event.deltaY, from + Math.max(0, part) * (to - from));
}, { passive: false });
chart.onpointerdown = (event) => { drag = { x: event.clientX, from, to, hasMoved: false, isDown: true }; };
addEventListener("pointerup", () => { if (drag) drag.isDown = false; chart.classList.remove("drags"); });
addEventListener("pointermove", (event) => {
  showTip(event);
  if (!drag?.isDown) return;
  if (Math.abs(event.clientX - drag.x) > 3) drag.hasMoved = true;
  if (!drag.hasMoved) return;
  chart.classList.add("drags");
  const shift = (drag.x - event.clientX) / (chart.clientWidth - LEFT) * (drag.to - drag.from);
  view(drag.from + shift, drag.to + shift);
});
function showTip(event) {
  const near = event.target instanceof Element ? event.target.closest("#chart [data-index], #chart [data-tip]") : null;
  tip.hidden = near === null;
  if (near === null) return;
  const it = items[near.dataset.index];
  tip.textContent = it === undefined ? near.dataset.tip : seconds(it.at) +
    (it.kind === "message" ? it.lost ? ", not received" : " – " + seconds(it.last) : "") + "  " + where(it) + "  " + it.text;
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = event.clientY + 16 + "px";
}
addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (to - from) / 8;
  const act = { "+": () => zoom(.6), "-": () => zoom(1 / .6), "0": whole, f: jump,
    ArrowLeft: () => view(from - step, to - step), ArrowRight: () => view(from + step, to + step) }[event.key];
  if (act) { event.preventDefault(); act(); }
});
new ResizeObserver(redraw).observe(chart);
if (items.length > 300) jump(); else whole();
`;
