// Says that the measurement runs: the form works without it, but takes some seconds to answer.
"use strict";

const button = document.getElementById("measure");
const status = document.getElementById("status");
const before = status.textContent;

button.form.addEventListener("submit", () => {
  button.disabled = true;
  status.textContent = "Measuring: first the one site, then the other …";
});

window.addEventListener("pageshow", () => { // also when the visitor comes back to it
  button.disabled = false;
  status.textContent = before;
});
