// Scanners that type: a code and Enter, also under a Chinese input method, also with full-width digits. Each code becomes a
// line of the batch; the server says what it is. Without this file the batch is a text area with one code a line.
//
// No clock decides whether a scan counts: keys are told apart by their own times, codes are met in the order they came,
// and what is typed while the page loads, asks or records waits its turn.
"use strict";

const SCANNER_MS_PER_KEY_MAX = 80; // Nobody types twelve characters a second for long.
const SCANNER_KEYS_MIN = 3;
const ANSWER_MS_MAX = 30_000; // A server that says nothing for so long is away; the keeper is told, and scans again.
const RECORD = "GW:DONE"; // On the card beside the desk (`station.CARD`).
const TAKE_OUT = "GW:UNDO";

// ── Sounds: high and short is good, low and twice is not ─────────────────────────────────────────────────────────────

let speaker = null;

function beep(good) {
  try {
    speaker = speaker || new AudioContext();
    speaker.resume();
    for (const [after, hertz] of good ? [[0, 1320]] : [[0, 220], [0.22, 180]]) {
      const tone = speaker.createOscillator();
      const loudness = speaker.createGain();
      const begin = speaker.currentTime + after;
      const length = good ? 0.09 : 0.18;
      tone.type = good ? "sine" : "square";
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(0.25, begin);
      loudness.gain.exponentialRampToValueAtTime(0.001, begin + length);
      tone.connect(loudness).connect(speaker.destination);
      tone.start(begin);
      tone.stop(begin + length);
    }
  } catch {
    // A machine without sound still shows colour and words.
  }
  document.dispatchEvent(new CustomEvent("guiwei:beep", { detail: good ? "good" : "bad" }));
}

function speak(root) {
  const heard = root.querySelector("[data-sound]");
  if (heard) beep(heard.dataset.sound === "good");
}

// ── What a keyboard's keys mean, whatever the input method makes of them ─────────────────────────────────────────────

const PLAIN = { Minus: "-_", Period: ".>", Slash: "/?", Semicolon: ";:", Equal: "=+", Comma: ",<", Space: "  ", Backslash: "\\|" };

function characterOf(event) {
  const { code, shiftKey } = event;
  if (/^Key[A-Z]$/.test(code)) {
    const upper = shiftKey !== event.getModifierState("CapsLock");
    return upper ? code[3] : code[3].toLowerCase();
  }
  if (/^Digit[0-9]$/.test(code)) return shiftKey ? ")!@#$%^&*("[code[5]] : code[5];
  if (/^Numpad[0-9]$/.test(code)) return code[6];
  if (code === "NumpadSubtract") return "-";
  if (code === "NumpadDivide") return "/";
  if (code === "NumpadDecimal") return ".";
  return PLAIN[code] ? PLAIN[code][shiftKey ? 1 : 0] : null;
}

// The keys since the field was last empty: the code a scanner meant, if they came as fast as only a scanner types.
class Keys {
  constructor() { this.clear(); }

  clear() {
    this.text = "";
    this.composed = false;
    this.first = this.last = 0;
  }

  take(event) {
    const character = characterOf(event);
    if (character === null) {
      if (["Backspace", "Delete", "ArrowLeft", "ArrowRight"].includes(event.key)) this.clear();
      return;
    }
    if (event.timeStamp - this.last > 1000) this.clear(); // A new scan, or a person who was thinking.
    this.text += character;
    this.composed = this.composed || isComposing(event);
    this.last = event.timeStamp;
    this.first = this.first || event.timeStamp;
  }

  get areFast() {
    return this.text.length >= SCANNER_KEYS_MIN
      && (this.last - this.first) / (this.text.length - 1) <= SCANNER_MS_PER_KEY_MAX;
  }

  // What an input method has turned into something else, and a scanner meant.
  get code() { return this.composed && this.areFast ? this.text : null; }
}

function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

function folded(text) {
  return text.normalize("NFKC").replace(/[\u0000-\u001f]/g, "").trim();
}

// An input method may still write what it made of a code after the Enter that took it: known by what it says, as it was
// shown or as it was typed, whenever it comes before the next key. It may come into the field the cursor went on to.
const leftover = {
  texts: [],
  shown: "", // What the input method is showing now.

  expect(...texts) { this.texts = [...texts, this.shown].map(this.plain).filter(Boolean); },

  forget() { this.texts = []; },

  plain(text) { return folded(text).replace(/[\s'’]/g, "").toLowerCase(); },

  drop(event) {
    const field = event.target;
    if (event.isComposing || !this.texts.length || !field.matches("input") || event.inputType === "insertFromPaste") return;
    const written = event.data || "";
    if (this.texts.includes(this.plain(written))) {
      const end = field.selectionStart ?? field.value.length;
      field.value = field.value.slice(0, Math.max(end - written.length, 0)) + field.value.slice(end);
    } else if (this.texts.includes(this.plain(field.value))) field.value = "";
    else return;
    this.forget();
  },
};

document.addEventListener("compositionupdate", (event) => { leftover.shown = event.data || ""; }, true);
document.addEventListener("compositionend", (event) => { leftover.drop(event); leftover.shown = ""; }, true);
document.addEventListener("input", (event) => leftover.drop(event), true);

// Leaving the field ends its composition.
function endComposition(field, meant) {
  leftover.expect(field.value, meant);
  field.value = "";
  field.blur();
  field.value = "";
  field.focus();
}

// ── The batch ────────────────────────────────────────────────────────────────────────────────────────────────────────

const parsed = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

const emptyDetail = (line) => [...line.querySelectorAll("input[data-code]")].find((detail) => detail.value === "");

class Batch {
  constructor(section) {
    this.section = section;
    this.field = section.querySelector("[data-scan]");
    this.form = section.closest("form");
    this.keys = new Keys();
    this.turn = parsed;
    this.waiting = 0; // codes taken and not yet met
    this.owed = null; // the line whose own fields get what is scanned next
    this.quiet = false;
    this.late = []; // codes taken after the batch was sent: they are of the next one
    this.field.addEventListener("paste", () => this.keys.clear());
    section.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove]");
      if (button) this.remove(button.closest("li"));
    });
  }

  // Found when asked for: a scanner may be faster than the page.
  get lines() { return this.section.querySelector("[data-lines]"); }

  get target() { return this.section.querySelector("[data-target]"); }

  get place() { return this.target && this.target.querySelector("input"); }

  get newest() { return this.lines.querySelector(".line:not(.asked)"); }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !isComposing(event)) {
      event.preventDefault();
      if (this.field.value) this.field.value = "";
      else this.queue(() => this.remove(this.newest));
      this.keys.clear();
      return;
    }
    const ends = event.code === "Enter" || event.code === "NumpadEnter" || event.key === "Enter"
      || (event.code === "Tab" && !event.shiftKey && this.keys.areFast);
    if (!ends) return this.keys.take(event);
    const meant = this.keys.code;
    if (isComposing(event) && meant === null) return; // A person choosing what the input method offers.
    event.preventDefault();
    const text = meant || this.field.value;
    if (isComposing(event)) endComposition(this.field, text);
    this.field.value = "";
    this.keys.clear();
    this.take(folded(text));
  }

  take(code) {
    const upper = code.toUpperCase();
    if (upper === RECORD || code === "") return this.queue(() => (this.late.length ? this.late.push(code) : this.record()));
    if (upper === TAKE_OUT) return this.queue(() => this.remove(this.newest));
    if (upper.startsWith("GW:")) return this.queue(() => (this.sent ? this.late.push(code) : this.choose(code.slice(3).toLowerCase())));
    const line = document.createElement("li");
    line.className = "line asked";
    line.textContent = code;
    if (this.lines) this.lines.prepend(line); // The newest stands beneath the field: nobody scrolls while carrying dossiers.
    this.waiting += 1;
    this.queue(() => {
      this.waiting -= 1;
      if (this.sent) this.late.push(code);
      else return this.meet(code, line);
    });
  }

  // What was read at once comes as if it were scanned, but one sound says how the whole stack is.
  takeAll(codes) {
    const there = new Set([...this.lines.children].map((line) => line.dataset.name));
    this.quiet = true;
    for (const code of codes) if (!there.has(code)) this.take(folded(code));
    this.queue(() => { this.quiet = false; });
  }

  queue(act) {
    this.turn = this.turn.then(act).catch((error) => this.say(String(error), false));
  }

  meet(code, line) {
    const detail = this.owed && this.owed.isConnected && emptyDetail(this.owed);
    if (!detail) return this.ask(code, line);
    detail.value = code;
    line.remove();
    this.offer(this.owed);
  }

  // A line's own fields are what a scanner types into next; where it has begun to already, they are given what it types.
  offer(line) {
    const detail = emptyDetail(line);
    const typing = this.waiting > 0 || this.field.value !== "";
    this.owed = detail && typing ? line : null;
    if (detail && !typing && [this.field, document.body].includes(document.activeElement)) detail.focus();
  }

  // A card's other codes choose: the channel something came by, for one.
  choose(value) {
    const choices = [...this.form.querySelectorAll("select")];
    const choice = choices.find((one) => [...one.options].some((option) => option.value === value));
    if (choice) choice.value = value;
    this.say(value, choice !== undefined);
  }

  async ask(code, line) {
    const values = new URLSearchParams({ code, form_token: this.form.elements.form_token.value });
    if (this.section.dataset.act) values.set("act", this.section.dataset.act);
    if (this.place) values.set("place", this.place.value);
    try {
      const answer = await fetch(this.section.dataset.ask, {
        method: "POST", body: values, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      if (answer.headers.get("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
      if (!answer.ok) throw new Error(String(answer.status));
      this.put(line, await answer.text());
    } catch {
      line.remove();
      this.say(`${code}: ${this.section.dataset.away}`, false);
    }
  }

  put(line, html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const told = holder.content.querySelector("li");
    if (!told) throw new Error("no line");
    if (told.dataset.kind === "place") return this.putPlace(line, told);
    const before = [...this.lines.children].find((other) => other !== line && other.dataset.name === told.dataset.name);
    if (before) {
      line.remove();
      before.classList.remove("again");
      void before.offsetWidth; // Starts the flash anew.
      before.classList.add("again");
      this.say(`${told.dataset.name}: ${this.section.dataset.twice}`, true);
      return this.count();
    }
    line.replaceWith(told);
    told.scrollIntoView({ block: "nearest" });
    this.offer(told);
    const why = told.querySelector(".why");
    this.say(why ? why.textContent : told.dataset.name, !why);
    this.count();
  }

  putPlace(line, told) {
    line.remove();
    this.count();
    const why = told.querySelector(".why");
    if (why) return this.say(why.textContent, false);
    if (!this.place) return this.say(`${told.dataset.name}: ${this.section.dataset.noPlace}`, false);
    const again = this.place.value === told.dataset.name;
    this.place.value = told.dataset.name;
    this.target.classList.add("known");
    this.target.querySelector("[data-target-code]").textContent = told.dataset.name;
    this.target.querySelector("[data-target-name]").textContent = told.dataset.placeName;
    if (again && this.newest) return this.record();
    this.say(told.dataset.name, true);
  }

  remove(line) {
    if (!line) return;
    line.remove();
    this.count();
    this.field.focus();
  }

  record() {
    if (this.sent) return; // Once is enough.
    if (!this.newest) return this.say("", false);
    // The first field still empty and wanted, the second person's for one, says what is missing.
    const missing = [...this.form.elements].find((element) => element.willValidate && !element.checkValidity());
    if (missing) {
      missing.focus();
      return beep(false);
    }
    this.form.requestSubmit();
  }

  // What is scanned from now on is of the next batch, which comes with the answer.
  get sent() { return this.form.dataset.sent === "true"; }

  // The batch before this one: what was scanned, or half scanned, while it was being recorded.
  follow(before) {
    this.field.value = before.field.value;
    this.keys = before.keys;
    for (const code of before.late) this.take(code);
  }

  say(text, good) {
    const said = this.section.querySelector("[data-said]");
    said.textContent = text;
    said.classList.toggle("spoken", good); // Good news is heard; bad news is read as well.
    if (!this.quiet || !good) beep(good);
  }

  count() {
    this.section.querySelector("[data-tally]").textContent = this.lines.querySelectorAll(".line:not(.asked)").length;
    this.section.classList.toggle("faulty", this.lines.querySelector(".bad") !== null);
  }
}

// ── Other fields a scanner types into: a seal's number, a tracking number ────────────────────────────────────────────

const keysOfField = new Keys();

function onKeyInField(field, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code !== "Enter" && event.code !== "NumpadEnter" && event.key !== "Enter") return keysOfField.take(event);
  const meant = keysOfField.code;
  if (isComposing(event) && meant === null) return;
  event.preventDefault();
  const text = folded(meant || field.value);
  if (isComposing(event)) leftover.expect(field.value, text);
  let told = false;
  field.addEventListener("change", () => { told = true; }, { once: true });
  field.value = text;
  field.blur(); // Ends the composition, and tells of the change.
  if (!told || field.value !== text) {
    field.value = text;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  keysOfField.clear();
  if (field.dataset.code === "sends" && field.form.checkValidity()) return field.form.requestSubmit();
  const next = stopAfter(field);
  if (next) next.focus();
}

// After a line's last field the next dossier is scanned; another line's fields are never next.
function stopAfter(field) {
  const line = field.closest(".line");
  const codes = [...(line || field.form).querySelectorAll("[data-code]")].filter((code) => code.closest(".line") === line);
  const { form } = field;
  return codes[codes.indexOf(field) + 1] || form.querySelector("[data-scan]") || form.querySelector("button.main");
}

document.addEventListener("focusin", () => keysOfField.clear());

const batches = new WeakMap();

function batchOf(section) {
  if (!batches.has(section)) batches.set(section, new Batch(section));
  return batches.get(section);
}

// Where a scanner types that doesn't know where the cursor is.
function fieldForNothing() {
  const first = document.querySelector("[data-code][autofocus]");
  return first && first.value === "" ? first : document.querySelector("[data-scan]");
}

// Before anything else sees the key, and before the page is whole.
document.addEventListener("keydown", (event) => {
  leftover.forget();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  let field = event.target;
  if (!field.closest("input, textarea, select, button, a, summary")) {
    field = fieldForNothing();
    if (!field) return;
    field.focus(); // The key itself is written there.
  }
  if (field.matches("[data-code]")) onKeyInField(field, event);
  else if (field.matches("[data-scan]")) batchOf(field.closest("[data-batch]")).onKey(event);
}, true);

// ── Pages and blocks that come and go ────────────────────────────────────────────────────────────────────────────────

let recorded = null; // the batch that was sent last

function begin(root) {
  for (const section of root.querySelectorAll("[data-batch]")) {
    const fresh = !batches.has(section);
    const batch = batchOf(section);
    if (fresh && recorded && !recorded.section.isConnected) {
      batch.follow(recorded);
      recorded = null;
    }
    batch.count();
  }
  const field = root.querySelector("[data-scan][autofocus]");
  if (field && root !== document) field.focus();
}

document.addEventListener("submit", (event) => {
  const section = event.target.querySelector("[data-batch]");
  if (!section || !event.target.hasAttribute("hx-post")) return;
  recorded = batchOf(section);
  event.target.dataset.sent = "true";
});

// The batch still stands: it was not sent after all.
for (const failure of ["htmx:sendError", "htmx:sendAbort", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    if (!recorded || !recorded.section.isConnected) return;
    const batch = recorded;
    recorded = null;
    delete batch.form.dataset.sent;
    batch.say(batch.section.dataset.away, false);
    for (const line of batch.lines.querySelectorAll(".asked")) line.remove();
    for (const code of batch.late.splice(0)) batch.take(code);
  });
}

document.addEventListener("DOMContentLoaded", () => { begin(document); speak(document); });
document.addEventListener("htmx:afterSwap", (event) => {
  begin(event.target.parentNode || document);
  speak(event.target);
  const { stack } = event.target.dataset;
  if (stack) batchOf(event.target.closest("[data-batch]")).takeAll(JSON.parse(stack));
  // What was told to be wrong is scanned again: its field is the one a scanner types into next.
  const wrong = event.target.querySelector("[data-again]");
  if (wrong) document.getElementById(wrong.dataset.again).select();
});
