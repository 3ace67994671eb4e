"use strict";
/* Draw a part's box on one photo after the other; each is kept at once. The server says what there is: it is asked again
   every few seconds, so that two browsers may label together. */

const desk = document.querySelector(".labelling");
const at = (id) => document.getElementById(id);
const stage = at("stage");
const SVG = "http://www.w3.org/2000/svg";
const EVERY = 2500;
let frames = [];
let now = 0;
let drawn = null;
let skipped = new Set();

function shape(name, values) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  return made;
}

function rectangle(box, name) {
  const [x, y, width, height] = box;
  return shape("rect", { x, y, width, height, class: name });
}

function photoOf(frame, small) {
  return `${desk.dataset.photo}${encodeURIComponent(frame.id)}${small ? "?small=1" : ""}`;
}

/* Draw the present photo: it is moved so that the object fills the stage, with a margin. */
function show() {
  const frame = frames[now];
  if (!frame) return;
  const [x, y, width, height] = frame.object;
  const margin = 0.06 * Math.max(width, height);
  const left = Math.max(0, x - margin), top = Math.max(0, y - margin);
  const right = Math.min(frame.width, x + width + margin), bottom = Math.min(frame.height, y + height + margin);
  stage.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
  stage.replaceChildren();
  stage.append(shape("image", { href: photoOf(frame), x: 0, y: 0, width: frame.width, height: frame.height }));
  const outside = `M0 0H${frame.width}V${frame.height}H0Z M${x} ${y}v${height}h${width}v${-height}Z`;
  stage.append(shape("path", { d: outside, class: "shade", "fill-rule": "evenodd" }), rectangle(frame.object, "frame"));
  for (const box of frame.boxes) stage.append(rectangle(box, "under"), rectangle(box, "kept"));
  if (frame.found && !frame.boxes.length && !drawn) {
    stage.append(rectangle(frame.found.box, "under"), rectangle(frame.found.box, "found"));
  }
  if (drawn) stage.append(rectangle(drawn, "under"), rectangle(drawn, "drawn"));
  at("keep").disabled = !(drawn || (frame.found && !frame.boxes.length));
  at("undo").disabled = !frame.boxes.length && !drawn;
  at("back").disabled = now === 0;
  let about = `${frame.name}, ${now + 1} of ${frames.length}.`;
  if (frame.boxes.length) about += ` ${frame.boxes.length === 1 ? "One box is kept" : `${frame.boxes.length} boxes are kept`}.`;
  else if (frame.found) about += ` Found here, more surely than on ${Math.round(100 * frame.found.confidence)} % of the photos. Enter keeps it, drawing corrects it.`;
  at("about").textContent = about;
  for (const [index, item] of [...at("photos").children].entries()) {
    const button = item.firstElementChild;
    if (index === now) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    const mark = button.querySelector(".mark");
    const one = frames[index];
    mark.textContent = one.boxes.length ? String(one.boxes.length) : one.found ? "?" : "";
    mark.hidden = !mark.textContent;
    const said = one.boxes.length ? `${one.boxes.length} kept` : one.found ? "found" : "no box";
    button.setAttribute("aria-label", `${one.name}: ${said}`);
  }
}

function list() {
  at("photos").replaceChildren(...frames.map((frame, index) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const picture = document.createElement("img");
    const mark = document.createElement("span");
    button.type = "button";
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = photoOf(frame, true);
    mark.className = "mark";
    button.append(picture, mark);
    button.addEventListener("click", () => go(index));
    item.append(button);
    return item;
  }));
}

function go(index) {
  now = Math.min(Math.max(index, 0), frames.length - 1);
  drawn = null;
  show();
}

/* Of the photos without a box that were not skipped, the one where a box teaches most; else the one behind. */
function next() {
  const order = [...frames.keys()].map((step) => (now + 1 + step) % frames.length);
  const free = order.filter((index) => !frames[index].boxes.length && !skipped.has(frames[index].id) && index !== now);
  const worth = (index) => (frames[index].found ? frames[index].found.worth : 0);
  const best = free.reduce((one, other) => (one === undefined || worth(other) > worth(one) ? other : one), undefined);
  go(best ?? Math.min(now + 1, frames.length - 1));
}

async function ask(address, body) {
  const asked = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  try {
    const answer = await fetch(address, { ...asked, credentials: "same-origin", cache: "no-store" });
    const said = await answer.json();
    at("trouble").textContent = answer.ok ? "" : said.error;
    return answer.ok ? said : null;
  } catch {
    at("trouble").textContent = "egraph does not answer; is it still running in the terminal? Boxes that were kept stay.";
    return null;
  }
}

function take(state) {
  if (!state) return;
  const same = frames.length === state.frames.length && frames.every((frame, index) => frame.id === state.frames[index].id);
  const here = frames[now] && frames[now].id;
  const before = JSON.stringify(frames);
  frames = state.frames;
  if (!same) {
    list();
    now = Math.max(0, frames.findIndex((frame) => frame.id === here));
  }
  at("count").textContent = String(state.boxes);
  at("told").textContent = state.told;
  if (!same || before !== JSON.stringify(frames)) show();
}

async function keep() {
  const frame = frames[now];
  const box = drawn || (frame.found && !frame.boxes.length && frame.found.box);
  if (!box) return;
  drawn = null;
  const state = await ask(desk.dataset.keep, { id: frame.id, box });
  if (!state) {
    drawn = box;
    return;
  }
  take(state);
  next();
}

async function undo() {
  const frame = frames[now];
  if (drawn) {
    drawn = null;
    show();
    return;
  }
  if (frame.boxes.length) take(await ask(desk.dataset.undo, { id: frame.id }));
}

function skip() {
  skipped.add(frames[now].id);
  next();
}

function begin() {
  const frame = frames[now];
  const [x, y, width, height] = frame.object;
  drawn = frame.found ? [...frame.found.box] : [x + width * 0.375, y + height * 0.375, width / 4, height / 4];
  show();
}

function nudge(key, larger) {
  const [x, y, width, height] = frames[now].object;
  const step = { ArrowLeft: [-width, 0], ArrowRight: [width, 0], ArrowUp: [0, -height], ArrowDown: [0, height] }[key];
  const [across, down] = step.map((value) => value / 50);
  if (larger) {
    drawn = [drawn[0], drawn[1], Math.max(2, drawn[2] + across), Math.max(2, drawn[3] + down)];
  } else {
    drawn = [drawn[0] + across, drawn[1] + down, drawn[2], drawn[3]];
  }
  drawn[0] = Math.min(Math.max(drawn[0], x), x + width - 2);
  drawn[1] = Math.min(Math.max(drawn[1], y), y + height - 2);
  drawn[2] = Math.min(drawn[2], x + width - drawn[0]);
  drawn[3] = Math.min(drawn[3], y + height - drawn[1]);
  show();
}

function point(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
  const [x, y, width, height] = frames[now].object;
  return [Math.min(Math.max(place.x, x), x + width), Math.min(Math.max(place.y, y), y + height)];
}

let start = null;
stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !frames[now]) return;
  start = point(event);
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", (event) => {
  if (!start) return;
  const end = point(event);
  drawn = [Math.min(start[0], end[0]), Math.min(start[1], end[1]), Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])];
  show();
});
stage.addEventListener("pointerup", () => {
  start = null;
  // a click is no box
  if (drawn && (drawn[2] < 2 || drawn[3] < 2)) drawn = null;
  show();
});

const KEYS = { Enter: keep, u: undo, s: skip, b: begin, n: skip };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !frames.length) return;
  if (event.target.closest("button, a, input") && (event.key === "Enter" || event.key === " ")) return;
  if (event.key.startsWith("Arrow")) {
    if (drawn) nudge(event.key, event.shiftKey);
    else if (event.key === "ArrowLeft") go(now - 1);
    else if (event.key === "ArrowRight") go(now + 1);
    else return;
    event.preventDefault();
    return;
  }
  if (event.key === "Escape") {
    drawn = null;
    show();
    return;
  }
  const does = KEYS[event.key] || KEYS[event.key.toLowerCase()];
  if (!does) return;
  event.preventDefault();
  does();
});
for (const [id, does] of Object.entries({ keep, undo, skip, begin, back: () => go(now - 1) })) {
  at(id).addEventListener("click", does);
}

/* After a click of the mouse the keys mean the photo again, not the button that was clicked. */
desk.addEventListener("click", (event) => {
  if (event.detail && event.target.closest("button")) stage.focus({ preventScroll: true });
});

async function again() {
  take(await ask(desk.dataset.state));
  setTimeout(again, EVERY);
}
again();
