// Scanners that type: a code and Enter, also under a Chinese input method, also with full-width digits. Each code becomes a
// line of the batch; the server says what it is. Without this file the batch is a text area with one code a line.
"use strict";

const SCANNER_MS_PER_KEY_MAX = 80; // Nobody types twelve characters a second for long.
const SCANNER_KEYS_MIN = 3;
const LEFTOVER_MS = 100; // What an input method still writes after its composition was ended comes at once.
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

// ── The batch ────────────────────────────────────────────────────────────────────────────────────────────────────────

class Batch {
  constructor(section) {
    this.section = section;
    this.field = section.querySelector("[data-scan]");
    this.lines = section.querySelector("[data-lines]");
    this.target = section.querySelector("[data-target]");
    this.form = section.closest("form");
    this.keys = new Keys();
    this.discards = false;
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("compositionend", () => this.dropLeftover());
    this.field.addEventListener("input", (event) => { if (!event.isComposing) this.dropLeftover(); });
    this.field.addEventListener("paste", () => this.keys.clear());
    this.lines.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove]");
      if (button) this.remove(button.closest("li"));
    });
    this.count();
  }

  get place() { return this.target && this.target.querySelector("input"); }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !isComposing(event)) {
      event.preventDefault();
      if (this.field.value) this.field.value = "";
      else this.remove(this.lines.firstElementChild);
      this.keys.clear();
      return;
    }
    const ends = event.code === "Enter" || event.code === "NumpadEnter" || event.key === "Enter"
      || (event.code === "Tab" && !event.shiftKey && this.keys.areFast);
    if (!ends) return this.keys.take(event);
    const meant = this.keys.code;
    if (isComposing(event) && meant === null) return; // A person choosing what the input method offers.
    event.preventDefault();
    this.discards = isComposing(event);
    this.take(meant || this.field.value);
  }

  // The input method may still write what it made of the code, after the Enter that ended it.
  dropLeftover() {
    if (!this.discards) return;
    this.discards = false;
    this.field.value = "";
  }

  take(text) {
    const code = folded(text);
    this.field.value = "";
    this.keys.clear();
    if (this.discards) {
      this.field.blur(); // Ends the composition.
      this.field.value = "";
      this.field.focus();
      setTimeout(() => { this.discards = false; }, LEFTOVER_MS);
    }
    if (code.toUpperCase() === RECORD || code === "") this.record();
    else if (code.toUpperCase() === TAKE_OUT) this.remove(this.lines.firstElementChild);
    else if (/^GW:/i.test(code)) this.choose(code.slice(3).toLowerCase());
    else this.ask(code);
  }

  // A card's other codes choose: the channel something came by, for one.
  choose(value) {
    const choices = [...this.form.querySelectorAll("select")];
    const choice = choices.find((one) => [...one.options].some((option) => option.value === value));
    if (choice) choice.value = value;
    this.say(value, choice !== undefined);
  }

  async ask(code) {
    const line = document.createElement("li");
    line.className = "line asked";
    line.textContent = code;
    this.lines.prepend(line); // The newest stands beneath the field: nobody scrolls while carrying dossiers.
    const values = new URLSearchParams({ code });
    if (this.section.dataset.act) values.set("act", this.section.dataset.act);
    if (this.place) values.set("place", this.place.value);
    try {
      const answer = await fetch(this.section.dataset.ask, { method: "POST", body: values, headers: { "HX-Request": "true" } });
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
    const first = told.querySelector("input:not([type=hidden])");
    if (first) first.focus();
    const why = told.querySelector(".why");
    this.say(why ? why.textContent : told.dataset.name, !why);
    this.count();
  }

  putPlace(line, told) {
    line.remove();
    const why = told.querySelector(".why");
    if (why) return this.say(why.textContent, false);
    if (!this.place) return this.say(`${told.dataset.name}: ${this.section.dataset.noPlace}`, false);
    const again = this.place.value === told.dataset.name;
    this.place.value = told.dataset.name;
    this.target.classList.add("known");
    this.target.querySelector("[data-target-code]").textContent = told.dataset.name;
    this.target.querySelector("[data-target-name]").textContent = told.dataset.placeName;
    if (again && this.lines.children.length) return this.record();
    this.say(told.dataset.name, true);
  }

  remove(line) {
    if (!line) return;
    line.remove();
    this.count();
    this.field.focus();
  }

  record() {
    if (!this.lines.children.length) return this.say("", false);
    if (this.lines.querySelector(".asked")) return setTimeout(() => this.record(), 50);
    // The first field still empty and wanted, the second person's for one, says what is missing.
    const missing = [...this.form.elements].find((element) => element.willValidate && !element.checkValidity());
    if (missing) {
      missing.focus();
      return beep(false);
    }
    this.form.requestSubmit();
  }

  say(text, good) {
    const said = this.section.querySelector("[data-said]");
    said.textContent = text;
    said.classList.toggle("spoken", good); // Good news is heard; bad news is read as well.
    beep(good);
  }

  count() {
    this.section.querySelector("[data-tally]").textContent = this.lines.children.length;
    this.section.classList.toggle("faulty", this.lines.querySelector(".bad") !== null);
  }
}

// ── Other fields a scanner types into: a seal's number, a tracking number ────────────────────────────────────────────

const keysOfField = new Keys();

function onKeyInField(event) {
  const field = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code !== "Enter" && event.code !== "NumpadEnter" && event.key !== "Enter") return keysOfField.take(event);
  const meant = keysOfField.code;
  if (isComposing(event) && meant === null) return;
  event.preventDefault();
  field.blur();
  field.value = folded(meant || field.value);
  keysOfField.clear();
  const stops = [...field.form.querySelectorAll("[data-code]"), field.form.querySelector("[data-scan]"), field.form.querySelector("button.main")];
  const next = stops.slice(stops.indexOf(field) + 1).find(Boolean);
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => { if (event.target.matches("[data-code]")) onKeyInField(event); });
document.addEventListener("focusin", () => keysOfField.clear());

const batches = new WeakMap();

function begin(root) {
  for (const section of root.querySelectorAll("[data-batch]")) {
    if (!batches.has(section)) batches.set(section, new Batch(section));
  }
  const field = root.querySelector("[data-scan][autofocus]");
  if (field && root !== document) field.focus();
}

// A scanner doesn't know where the cursor is: what it types into nothing goes to the scan field.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-scan]");
  if (!field || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, button, a, summary")) return;
  field.focus();
  batches.get(field.closest("[data-batch]")).onKey(event);
}, true);

document.addEventListener("DOMContentLoaded", () => { begin(document); speak(document); });
document.addEventListener("htmx:afterSwap", (event) => {
  begin(event.target.parentNode || document);
  speak(event.target);
  // What was told to be wrong is scanned again: its field is the one a scanner types into next.
  const wrong = event.target.querySelector("[data-again]");
  if (wrong) document.getElementById(wrong.dataset.again).select();
});
