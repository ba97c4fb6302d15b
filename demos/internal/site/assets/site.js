// Runs the calls in place, each with its own clock, so that one page shows async back while sync still waits.
// Without this script the same buttons open the pages /service/sync and /service/async.
"use strict";

const form = document.getElementById("run");
const runs = document.getElementById("runs");
const row = document.getElementById("row");
const tbody = document.querySelector("#receipts tbody");

const keep = 12;          // rows shown
const shown = 20;         // receipts shown
const pollEvery = 200;    // ms, only while an answer is awaited
const slack = 7000;       // ms after the delay until nobody waits for an answer any more

const clocks = new Set(); // steps whose time still runs
const awaited = new Map(); // id of an async call -> its later step
let count = 0;
let polling = false;

// Step is one bar with its clock and its text.
class Step {
  constructor(element, text, delay) {
    this.element = element;
    this.bar = element.querySelector("progress");
    this.time = element.querySelector(".time");
    this.text = text;
    this.delay = delay;
    this.start = performance.now();
    clocks.add(this);
  }
  tick(now) {
    const ms = now - this.start;
    this.bar.value = Math.min(ms / this.delay, 0.98); // full is for what is done
    this.time.textContent = (ms / 1000).toFixed(1) + " s";
  }
  end(text, ms, failed) {
    clocks.delete(this);
    this.element.classList.add("done");
    this.element.classList.toggle("failed", failed);
    this.text.classList.toggle("failed", failed);
    this.bar.value = Math.max(ms / this.delay, 0.01); // a page that was back at once has a short bar
    this.time.textContent = ms < 1000 ? ms.toFixed(0) + " ms" : (ms / 1000).toFixed(2) + " s";
    this.text.textContent = text;
  }
  forget() { // nothing was sent, so nothing will come
    clocks.delete(this);
    this.element.hidden = true;
  }
  get elapsed() { return performance.now() - this.start; }
}

function animate() {
  const now = performance.now();
  for (const step of clocks) step.tick(now);
  if (clocks.size > 0) requestAnimationFrame(animate);
}

async function call(kind) {
  const chosen = new FormData(form).get("delay");
  const delay = parseFloat(chosen) * 1000;
  const item = row.content.firstElementChild.cloneNode(true);
  const [page, later] = item.querySelectorAll(".step");
  const [pageText, laterText] = item.querySelectorAll(".text");
  item.classList.add(kind);
  item.querySelector("h3").textContent = `${kind} #${++count}`;
  document.getElementById("live").hidden = false;
  runs.prepend(item);
  while (runs.children.length > keep) runs.lastElementChild.remove();

  if (clocks.size === 0) requestAnimationFrame(animate);
  const first = new Step(page, pageText, delay);
  const second = kind === "async" ? new Step(later, laterText, delay) : null;
  try {
    const answer = await fetch(`/service/${kind}?delay=${chosen}`, { headers: { Accept: "application/json" } });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${body.status} ${body.error}: ${body.reason || "no reason given"}`);
    first.end(body.text, first.elapsed, false);
    if (second) await receipt(body, second);
  } catch (err) {
    first.end(err.message, first.elapsed, true);
    if (second) second.forget();
  }
}

// receipt waits until the response handler has the answer to an async call.
async function receipt(sent, step) {
  awaited.set(sent.id, (r) => step.end(r.text, Date.parse(r.at) - Date.parse(sent.at), r.status >= 400));
  setTimeout(() => {
    if (awaited.delete(sent.id)) step.end("Nothing came back that this page could still see.", step.elapsed, true);
  }, step.delay + slack);
  if (polling) return;
  polling = true;
  while (awaited.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, pollEvery));
    await poll().catch(() => {}); // the app may be away for a moment
  }
  polling = false;
}

async function poll() {
  const answer = await fetch("/receipts", { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const list = await answer.json();
  if (list.length === 0) return;
  tbody.replaceChildren(...list.slice(0, shown).map(line)); // the rest is there for those who wait for it
  for (const r of list) {
    const done = awaited.get(r.id);
    if (done && awaited.delete(r.id)) done(r);
  }
}

function line(r) {
  const tr = document.createElement("tr");
  for (const text of [r.at.slice(11, 19), r.path, r.method, r.status, r.text]) {
    tr.insertCell().textContent = text;
  }
  return tr;
}

form.addEventListener("submit", (event) => {
  const kind = event.submitter && event.submitter.dataset.call;
  if (!kind) return;
  event.preventDefault();
  call(kind);
});

const both = document.getElementById("both");
both.hidden = false;
both.addEventListener("click", () => { call("sync"); call("async"); });
