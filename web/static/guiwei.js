// Keys for people who don't reach for a mouse, and ages that stay right while a page is open. Everything works without it.
"use strict";

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
  const here = stops.indexOf(document.activeElement);
  const next = stops[here + (event.key === "ArrowDown" ? 1 : -1)];
  if (here === -1 || !next) return;
  event.preventDefault();
  next.focus();
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
