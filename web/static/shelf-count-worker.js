// Out of reach of the network, the counting page and what it is made of come from the telephone. Nothing else does.
"use strict";

const SHELL = "/shelf-count";
const KEPT = "shelf-count";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// Whatever the site has now, or what was kept when it was there last.
async function newest(request) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await kept.put(SHELL, answer.clone());
    return answer;
  } catch {
    return (await kept.match(SHELL)) || Response.error();
  }
}

// An address of these carries the hash of what stands there: it never changes.
async function unchanging(request) {
  const kept = await caches.open(KEPT);
  return (await kept.match(request)) || fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === SHELL) event.respondWith(newest(request));
  else if (pathname.startsWith("/static/")) event.respondWith(unchanging(request));
});
