// Keys for people who don't reach for a mouse, and ages that stay right while a page is open. Everything works without it.
"use strict";

// Loaded first: the browser lets nothing become HTML, script or a script's address but by this policy. HTML comes from our own
// server, escaped there; scripts never come as text at all, and of their addresses only the one of the counting page's worker.
if (window.trustedTypes) {
  const worker = "/shelf-count-worker.js";
  window.trustedTypes.createPolicy("default", { createHTML: (html) => html, createScriptURL: (url) => (url === worker ? url : null) });
}

const box = () => document.getElementById("box");
const found = () => [...document.querySelectorAll(".found a")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    if (box()) box().select();
    else if (document.querySelector('nav a[href="/"]')) location.assign("/");
    return;
  }
  if (!box() || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const stops = [box(), ...found()];
  // The result that had the cursor may have gone with a later answer: from nowhere one begins at the box.
  const here = document.activeElement === document.body ? 0 : stops.indexOf(document.activeElement);
  const next = stops[here + (event.key === "ArrowDown" ? 1 : -1)];
  if (here === -1 || !next) return;
  event.preventDefault();
  next.focus();
});

// What is typed while the cursor is nowhere goes to the page's field, also before a slow machine has put the cursor there.
// Fields a scanner types into have their own way (`scan.js`).
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " " || event.key === "/") return;
  if (event.target.closest("input, textarea, select, button, a, summary") || document.querySelector("[data-scan]")) return;
  const field = document.querySelector("input[autofocus]:not([data-code]), textarea[autofocus]");
  if (field) field.focus(); // The key itself is written there.
}, true);

// What was typed before htmx was listening is looked for as soon as it is.
document.addEventListener("htmx:load", (event) => {
  if (event.target === document.body && box() && box().value !== box().defaultValue) htmx.trigger(box(), "typed");
});

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const DATE_AFTER_DAYS = 30;

function refreshAges() {
  const chinese = document.documentElement.lang === "zh-CN";
  const units = chinese
    ? { day: "天前", hour: "小时前", minute: "分钟前", now: "刚刚" }
    : { day: "d ago", hour: "h ago", minute: "min ago", now: "just now" };
  for (const element of document.querySelectorAll("time[data-age]")) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    if (seconds < -120) continue;
    const [unit, size] = STEPS.find(([, size]) => seconds >= size) || ["now", 0];
    const count = size ? Math.floor(seconds / size) : 0;
    if (unit === "day" && count > DATE_AFTER_DAYS) element.textContent = element.title;
    else element.textContent = unit === "now" ? units.now : `${count} ${units[unit]}`;
  }
}

setInterval(refreshAges, 20000);

// Once a badge lies there, the PIN is typed next.
document.addEventListener("htmx:afterSwap", () => {
  const tapped = document.querySelector("[data-tapped]");
  if (!tapped) return;
  tapped.removeAttribute("data-tapped");
  tapped.closest("form").querySelector("[name=witness_secret], [data-after-tap]")?.focus();
});
