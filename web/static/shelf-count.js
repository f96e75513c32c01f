// Counting shelves by code: a scope is taken along, scans are kept on the telephone, and go to the site whenever it is in reach.
// Counts and scans are named here, so that what is sent twice is there once. `scan.js` knows keys and sounds.
"use strict";

{ // Names of its own: every page's scripts share one space.
  const SHELL = "/shelf-count";
  const KEPT = "shelf-count";
  const API = "/api/v1/shelf-counts";
  const SYNC_MS = 15_000;
  const ANSWER_MS = 30_000;
  const FINAL = ["shelf_count_late", "shelf_count_stays", "blind_count_by_keeper", "place_not_found", "bad_input", "audit_not_found"];
  const LOOK_MS = 200; // between two looks through the camera

  const page = document.querySelector("[data-shelf-count]");
  const part = (name) => page.querySelector(`[data-${name}]`);
  const word = (name, facts = {}) => Object.entries(facts).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), page.dataset[name]);
  const field = part("typed");
  const keys = new Keys();

  let store = null;
  let scope = null; // what was taken along
  let counts = []; // of that scope and of those before, until the site has them
  let current = null; // the count that is going on
  let site = null; // who we are there: {counter, form_token}, null out of reach
  let syncing = false;

  // ── What the telephone keeps ───────────────────────────────────────────────────────────────────────────────────────

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function open() {
    const request = indexedDB.open(KEPT, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("scopes");
      request.result.createObjectStore("counts", { keyPath: "count" });
    };
    store = await asked(request);
  }

  const reading = (name) => store.transaction(name).objectStore(name);

  // It is there for good before anybody hears that it was scanned.
  const keep = (name, act) => new Promise((resolve, reject) => {
    const transaction = store.transaction(name, "readwrite", { durability: "strict" });
    act(transaction.objectStore(name));
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });

  const keepCount = (one) => keep("counts", (kept) => kept.put(one));

  // ── Scanning ───────────────────────────────────────────────────────────────────────────────────────────────────────

  // Scans are met in the order they came, and not before what the telephone keeps is there.
  let recalled = null;
  let turn = new Promise((resolve) => { recalled = resolve; });

  function take(code) {
    turn = turn.then(() => meet(code)).catch((error) => say(String(error), false));
    return turn;
  }

  async function meet(code) {
    if (code.toUpperCase() === "GW:DONE") return finish();
    const shelf = scope && scope.shelves.find((one) => one.code.toUpperCase() === code.toUpperCase());
    if (shelf) return begin(shelf);
    if (!current) return say(word("shelfFirst"), false);
    if (current.scans.some((scan) => scan.code === code)) return say(word("twice", { code }), true);
    current.scans.unshift({ id: crypto.randomUUID(), code, at: new Date().toISOString(), sent: false });
    await keepCount(current);
    const [good, text] = judged(code);
    current.scans[0].good = good;
    say(text, good);
    show();
    void sync();
  }

  // What the scope says of a code; nothing in a blind count.
  function judged(code) {
    if (scope.blind) return [true, code];
    if (scope.shelves.some((one) => one.code === current.shelf && one.expected.includes(code))) return [true, code];
    const home = scope.shelves.find((one) => one.expected.includes(code));
    return home ? [false, word("belongs", { code, place: home.code })] : [false, word("notExpected", { code })];
  }

  async function begin(shelf) {
    if (current && current.shelf === shelf.code) return say(word("sameShelf", { shelf: shelf.code }), true);
    const before = counts.find((one) => one.shelf === shelf.code && one.audit === scope.audit && !one.finished_at && !one.problem);
    current = before || {
      count: crypto.randomUUID(), shelf: shelf.code, audit: scope.audit, counter: scope.counter,
      begun_at: new Date().toISOString(), finished_at: null, scans: [], done: false, problem: null, told: null,
    };
    if (!before) {
      counts.push(current);
      await keepCount(current);
    }
    say(word("counting", { shelf: shelf.code }), true);
    show();
  }

  async function finish() {
    if (!current) return say(word("shelfFirst"), false);
    current.finished_at = new Date().toISOString();
    await keepCount(current);
    say(word("finished", { shelf: current.shelf, count: current.scans.length }), true);
    current = null;
    show();
    void sync();
  }

  // ── The site ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async function ask(address, options = {}) {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
    const told = await answer.json();
    if (answer.ok) return told;
    throw Object.assign(new Error(document.documentElement.lang === "en" ? told.message : told.message_zh), { refused: told.code, status: answer.status });
  }

  const waits = (one) => !one.problem && !one.done;

  async function sync() {
    if (syncing) return;
    syncing = true;
    try {
      site = await ask(API);
      for (const one of counts.filter(waits)) if (one.counter === site.counter) await send(one);
      await forget();
    } catch (error) {
      if (error.status === 401) site = { counter: null };
      else if (error.status === undefined) site = null; // out of reach
    } finally {
      syncing = false;
      show();
    }
  }

  async function send(one) {
    const scans = one.scans.filter((scan) => !scan.sent);
    const finished = one.finished_at; // It may be finished while this is under way.
    if (!scans.length && !finished) return;
    const body = {
      count: one.count, shelf: one.shelf, audit: one.audit, begun_at: one.begun_at, sent_at: new Date().toISOString(),
      scans: scans.map(({ id, code, at }) => ({ id, code, at })),
    };
    if (finished) Object.assign(body, { finished_at: finished, made: one.scans.length });
    try {
      const told = await ask(API, {
        method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-Form-Token": site.form_token || "" },
      });
      for (const scan of scans) scan.sent = true;
      one.done = told.finished;
      one.told = merged(one.told, told);
    } catch (error) {
      if (error.refused === "shelf_count_unfinished") for (const scan of one.scans) scan.sent = false;
      else if (FINAL.includes(error.refused)) one.problem = error.message;
      else throw error;
    }
    await keepCount(one);
  }

  const LISTS = ["unknown", "moved", "elsewhere"];

  function merged(before, told) {
    const all = { also_by: told.also_by };
    for (const list of LISTS) all[list] = [...((before && before[list]) || []), ...told[list]];
    return all;
  }

  // What the site has, and has nothing to say of, needn't stay on the telephone once its scope was left.
  async function forget() {
    const over = counts.filter((one) => one.done && (!scope || one.scope_left));
    for (const one of over) await keep("counts", (kept) => kept.delete(one.count));
    counts = counts.filter((one) => !over.includes(one));
  }

  async function load(query) {
    try {
      site = await ask(API);
      const taken = await ask(`${API}/scope?${query}`);
      for (const one of counts) one.scope_left = true;
      scope = { ...taken, counter: site.counter };
      current = null;
      await keep("scopes", (kept) => kept.put(scope, "now"));
      say(word("loaded", { scope: scope.scope, count: scope.shelves.length }), true);
    } catch (error) {
      say(error.status ? error.message : word("away"), false);
    }
    show();
  }

  // ── The page ───────────────────────────────────────────────────────────────────────────────────────────────────────

  function say(text, good) {
    const said = part("said");
    said.textContent = text;
    said.className = `outcome ${good ? "good" : "bad"}`;
    beep(good);
  }

  function element(tag, text, className = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = className;
    return made;
  }

  const stateOf = (shelf) => {
    const mine = counts.filter((one) => one.shelf === shelf.code && one.audit === scope.audit);
    if (mine.some((one) => one.done) || shelf.counted) return "synced";
    if (mine.some((one) => one.finished_at && !one.problem)) return "pending";
    return mine.some((one) => !one.problem) ? "begun" : "uncounted";
  };

  function show() {
    const unsent = counts.filter(waits).reduce((sum, one) => sum + one.scans.filter((scan) => !scan.sent).length + (one.finished_at ? 1 : 0), 0);
    part("network").textContent = site === null ? word("offline") : site.counter === null ? word("signedOut") : word("online", { counter: site.counter });
    part("network").className = `pill ${site && site.counter ? "good" : "doubt"}`;
    part("unsent").textContent = unsent ? word("unsent", { count: unsent }) : word("allSent");
    part("sign-in").hidden = !(site && site.counter === null);
    page.dataset.left = String(unsent);
    showScope();
    showCount();
    part("conflicts").replaceChildren(...counts.flatMap(conflictsOf).map((text) => element("li", text)));
    part("conflicts").closest("section").hidden = !part("conflicts").children.length;
    part("blind").replaceChildren(...((site && site.blind) || []).map(blindButton));
  }

  function conflictsOf(one) {
    const told = one.told || { unknown: [], moved: [], elsewhere: [], also_by: [] };
    const here = { shelf: one.shelf };
    return [
      ...(one.problem ? [`${one.shelf}: ${one.problem}`] : []),
      ...(site && site.counter && one.counter !== site.counter && waits(one) ? [word("others", { ...here, counter: one.counter })] : []),
      ...(told.also_by.length ? [word("alsoBy", { ...here, counter: told.also_by.join("、") })] : []),
      ...told.unknown.map((code) => word("unknown", { ...here, code })),
      ...told.moved.map((row) => word("moved", { ...here, code: row.name, place: row.place })),
      ...told.elsewhere.map((row) => `${one.shelf}: ${word("belongs", { code: row.name, place: row.place })}`),
    ];
  }

  function blindButton(one) {
    const button = element("button", word("blind", { audit: one.audit, scope: one.scope }), "button");
    button.type = "button";
    button.addEventListener("click", () => load(new URLSearchParams({ audit: one.audit })));
    return button;
  }

  function showScope() {
    part("scope").hidden = !scope;
    if (!scope) return;
    part("scope-name").textContent = scope.blind ? word("blind", { audit: scope.audit, scope: scope.scope }) : scope.scope;
    part("shelves").replaceChildren(...scope.shelves.map((shelf) => {
      const line = element("li", "", stateOf(shelf));
      line.dataset.shelf = shelf.code;
      line.append(element("b", shelf.code, "number"), element("span", word(stateOf(shelf)), "note"));
      if (current && current.shelf === shelf.code) line.classList.add("now");
      return line;
    }));
  }

  function showCount() {
    part("counting").hidden = !current;
    if (!current) return;
    part("shelf").textContent = current.shelf;
    part("tally").textContent = current.scans.length;
    part("scans").replaceChildren(...current.scans.slice(0, 200).map((scan) => {
      const line = element("li", scan.code, `number ${scan.good === false ? "doubt" : ""}`);
      line.append(element("span", scan.sent ? "✓✓" : "✓", "note"));
      return line;
    }));
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.closest("input, textarea, select, button, a, summary")) field.focus(); // The key itself is written there.
    else if (event.target !== field) return;
    const ends = event.key === "Enter" || (event.key === "Tab" && !event.shiftKey && keys.areFast);
    if (!ends) return keys.take(event);
    const meant = keys.code;
    if (isComposing(event) && meant === null) return;
    event.preventDefault();
    const text = folded(meant || field.value);
    if (isComposing(event)) endComposition(field, text);
    field.value = "";
    keys.clear();
    if (text) void take(text);
  }, true);

  // A telephone's own keyboard may send no Enter key, only the form.
  part("typed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = folded(field.value);
    field.value = "";
    if (text) void take(text);
    field.focus();
  });
  part("load").addEventListener("submit", (event) => {
    event.preventDefault();
    const places = folded(part("places").value).split(/[\s,，;；]+/).filter(Boolean);
    void load(new URLSearchParams(places.map((place) => ["place", place])));
    field.focus();
  });
  part("finish").addEventListener("click", () => { turn = turn.then(finish); field.focus(); });
  part("sync").addEventListener("click", () => void sync());
  window.addEventListener("online", () => void sync());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) void sync(); });
  setInterval(() => void sync(), SYNC_MS);

  // ── The camera, where the telephone can read codes by itself ───────────────────────────────────────────────────────

  async function look() {
    const video = part("video");
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const detector = new BarcodeDetector();
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    let last = "";
    const timer = setInterval(async () => {
      const [found] = await detector.detect(video).catch(() => []);
      const code = found ? folded(found.rawValue) : "";
      if (code && code !== last) void take(code);
      last = code || last;
    }, LOOK_MS);
    part("camera").onclick = () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      video.hidden = true;
      part("camera").onclick = startLooking;
    };
  }

  const startLooking = () => look().catch((error) => say(word("noCamera", { why: error.name }), false));
  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    part("camera").hidden = false;
    part("camera").onclick = startLooking;
  }

  // ── Beginning ──────────────────────────────────────────────────────────────────────────────────────────────────────

  // What the page is made of, for when the network is away; what an earlier version was made of goes.
  async function takeAlong() {
    await navigator.serviceWorker.register("/shelf-count-worker.js", { scope: SHELL });
    const made = [SHELL, ...[...document.querySelectorAll("link[rel=stylesheet], link[rel=icon]")].map((one) => one.getAttribute("href")),
      ...[...document.scripts].map((one) => one.getAttribute("src"))];
    const kept = await caches.open(KEPT);
    const there = await kept.keys();
    const wanted = new Set(made.map((address) => new URL(address, location.href).href));
    const missing = made.filter((address) => address === SHELL || !there.some((one) => one.url === new URL(address, location.href).href));
    await kept.addAll(missing);
    for (const one of there) if (!wanted.has(one.url)) await kept.delete(one);
    await navigator.serviceWorker.ready;
    page.dataset.takenAlong = "true";
  }

  async function start() {
    if (!window.isSecureContext || !navigator.serviceWorker) {
      say(word("notSecure"), false);
      return;
    }
    await open();
    scope = (await asked(reading("scopes").get("now"))) || null;
    counts = await asked(reading("counts").getAll());
    recalled();
    show();
    await sync();
    if (site) await takeAlong();
    else page.dataset.takenAlong = "true"; // We came from there.
  }

  start().catch((error) => say(String(error), false));
}
