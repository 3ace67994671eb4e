"use strict";
/* Every page works without this script; it adds: a click that shows the neighbours only, copying, search in a report,
   and files of drawings. */

function pick(drawing, node) {
  const said = drawing.closest(".wide").nextElementSibling;
  const nodes = [...drawing.querySelectorAll(".node")];
  const edges = [...drawing.querySelectorAll(".edge")];
  const same = node && node.classList.contains("chosen");
  drawing.classList.toggle("picked", Boolean(node) && !same);
  for (const one of [...nodes, ...edges]) one.classList.remove("near", "chosen");
  if (!node || same) {
    said.textContent = "Click a picture to see only what fires together with it.";
    return;
  }
  const number = node.dataset.node;
  const near = new Set([number]);
  for (const edge of edges) {
    const ends = edge.dataset.ends.split(" ");
    if (!ends.includes(number)) continue;
    edge.classList.add("near");
    ends.forEach((end) => near.add(end));
  }
  const labels = [];
  for (const one of nodes) {
    if (!near.has(one.dataset.node)) continue;
    one.classList.add("near");
    if (one !== node) labels.push(one.dataset.label);
  }
  node.classList.add("chosen");
  const href = node.getAttribute("href");
  said.textContent = "";
  const name = document.createElement(href ? "a" : "span");
  if (href) name.href = href;
  name.textContent = node.dataset.label;
  if (node.dataset.open) {
    const more = document.createElement("a");
    more.href = node.dataset.open;
    more.textContent = "Add its partners.";
    said.append(more, " ");
  }
  said.append(name, labels.length ? ` fires together with ${labels.join(", ")}.` : " fires together with none of these.");
}

for (const drawing of document.querySelectorAll("svg.drawing")) {
  for (const node of drawing.querySelectorAll(".node")) {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      pick(drawing, node);
    });
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick(drawing, node);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") pick(drawing, null);
  });
}

for (const button of document.querySelectorAll("button.copy")) {
  const text = button.parentElement.querySelector("code").textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

const index = document.querySelector("ul.index");
const field = document.querySelector("form[role=search] input[type=search]");
if (index && field) {
  const show = () => {
    const words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of index.children) item.hidden = !words.every((word) => item.dataset.find.includes(word));
  };
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = [...index.children].find((item) => !item.hidden);
    if (field.value.trim() && first) first.querySelector("a").click();
  });
  field.addEventListener("input", () => {
    show();
    if (field.value.trim()) index.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    field.value = asked;
    show();
    index.scrollIntoView({ block: "center" });
  }
}

const opener = document.querySelector("input[type=file].opens");
if (opener) {
  opener.addEventListener("change", async () => {
    const said = document.querySelector(".opened");
    try {
      const kept = JSON.parse(await opener.files[0].text());
      if (kept.egraph !== "drawing" || !Array.isArray(kept.patterns)) throw new Error("no drawing");
      const address = new URL(opener.dataset.draw, location.href);
      address.searchParams.set("graph", String(kept.graph));
      for (const id of kept.patterns) address.searchParams.append("p", String(id));
      location.assign(address);
    } catch {
      said.textContent = "This file is no drawing that was saved here.";
    }
  });
}
