// Find mode: every read of one tag, as the server hears of it. The page says warmer or colder, in words, in a bar and in tones.
"use strict";

{ // Names of its own: every page's scripts share one space.
  const WEAKEST_DBM = -80; // Below, no reader hears.
  const LOUDEST_DBM = -35; // A tag held before the antenna.
  const HERE_DBM = -42;
  const LATELY_MS = 800; // What counts as now, and before it as a moment ago.
  const NOTABLE_DB = 2; // Less is only the hand that shakes.
  const SILENT_MS = 3_000;
  const TONE_MS_MIN = 110;

  const page = document.querySelector("[data-find]");
  const part = (name) => page.querySelector(`[data-${name}]`);
  const share = (dbm) => Math.min(1, Math.max(0.02, (dbm - WEAKEST_DBM) / (LOUDEST_DBM - WEAKEST_DBM)));

  let reads = []; // {at, dbm}, of the last seconds
  let strongest = null;
  let speaker = null;
  let lastTone = 0;

  function mean(from, until) {
    const heard = reads.filter(({ at }) => at > from && at <= until);
    return heard.length ? heard.reduce((sum, { dbm }) => sum + dbm, 0) / heard.length : null;
  }

  function tone(dbm, now) {
    if (!speaker || now - lastTone < TONE_MS_MIN) return;
    lastTone = now;
    const sound = speaker.createOscillator();
    const loudness = speaker.createGain();
    sound.frequency.value = 220 * 8 ** share(dbm); // Three octaves from the weakest to the loudest.
    loudness.gain.setValueAtTime(0.2, speaker.currentTime);
    loudness.gain.exponentialRampToValueAtTime(0.001, speaker.currentTime + 0.09);
    sound.connect(loudness).connect(speaker.destination);
    sound.start();
    sound.stop(speaker.currentTime + 0.1);
  }

  function say(text, warmth) {
    if (part("told").textContent !== text) part("told").textContent = text;
    page.dataset.warmth = warmth;
  }

  function tell(now) {
    const lately = mean(now - LATELY_MS, now);
    if (lately === null) return;
    // What was heard before, however long ago that was: who walks on turns his back to the shelf now and then.
    const earlier = Math.max(...reads.map(({ at }) => (at <= now - LATELY_MS ? at : -Infinity)));
    const before = mean(earlier - LATELY_MS, earlier);
    part("level").setAttribute("width", String(100 * share(lately)));
    part("dbm").textContent = lately.toFixed(0);
    if (lately >= HERE_DBM) say(page.dataset.here, "here");
    else if (before !== null && lately > before + NOTABLE_DB) say(page.dataset.warmer, "warmer");
    else if (before !== null && lately < before - NOTABLE_DB) say(page.dataset.colder, "colder");
    else say(page.dataset.steady, "steady");
  }

  function heard(read) {
    const now = performance.now();
    page.dataset.reads = String(Number(page.dataset.reads || 0) + read.reads);
    part("reader").textContent = read.reader;
    if (read.dbm === null) return; // A reader that tells no strength says only that it hears.
    reads.push({ at: now, dbm: read.dbm });
    reads = reads.filter(({ at }) => at > now - 10_000);
    if (strongest === null || read.dbm > strongest) {
      strongest = read.dbm;
      part("strongest").textContent = strongest.toFixed(0);
      part("best").setAttribute("x", String(Math.min(99.4, 100 * share(strongest))));
    }
    tell(now);
    tone(read.dbm, now);
  }

  setInterval(() => {
    if (!reads.length) return;
    const silent = performance.now() - reads[reads.length - 1].at;
    if (silent < SILENT_MS) return;
    part("level").setAttribute("width", "0");
    say(page.dataset.silent.replace("#", String(Math.round(silent / 1000))), "silent");
  }, 500);

  part("hear").addEventListener("click", () => {
    if (speaker) {
      speaker.close();
      speaker = null;
    } else {
      speaker = new AudioContext();
    }
    part("hear").textContent = speaker ? part("hear").dataset.off : part("hear").dataset.on;
  });

  const stream = new EventSource(page.dataset.find);
  stream.addEventListener("open", () => { page.dataset.listening = "yes"; });
  stream.addEventListener("error", () => { page.dataset.listening = "no"; }); // The browser tries again by itself.
  stream.addEventListener("read", (event) => heard(JSON.parse(event.data)));
}
