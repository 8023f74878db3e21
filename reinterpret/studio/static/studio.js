// The studio: what the person does goes to the server in a row, what he sees changes at once.

import { listen } from "./keys.js";
import { clock, json, post, Refusal, setMedia } from "./server.js";
import { Strip } from "./strip.js";
import { Suggestions } from "./suggestions.js";
import { Viewer } from "./viewer.js";

const by = (id) => document.getElementById(id);
const told = (id) => JSON.parse(by(id).textContent);

// Milliseconds: how often what changes by itself is asked for, while it does and else; and how long slides are gathered.
const BUSY_MS = 250;
const IDLE_MS = 1500;
const GATHER_MS = 300;

const frame = told("frame");
let state = told("state");
let hand = 0;
let waiting = 0; // commands on their way
let row = Promise.resolve();
let partner = null; // the shot that is to be swapped
let seed = 0;
let rendering = false;
let seenConflict = null;
let lastReading = "";

setMedia(frame.media);
document.documentElement.style.setProperty("--aspect", frame.aspect);
const names = new Map(frame.films.map((film) => [film.number, film.name]));

const strip = new Strip(frame, (number) => take(number, { focus: true }));
const viewer = new Viewer({
  onTime: (seconds, follow) => strip.setPlayhead(seconds, follow),
  onSlide: (place) => slide(place),
  onEnd: () => {
    if (viewer.mode === "whole") take(shotAt(viewer.wholeTime), { seek: false, focus: strip.focused });
  },
});
const suggestions = new Suggestions({
  onTry: (match, chosen) => tryOut(match, chosen),
  onChoose: () => choose(),
  onProblem: (error) => problem(error),
  filmName: (film) => names.get(film) ?? `film ${film}`,
  shown: () => clip().match,
});

const clip = () => state.clips[hand];

// Saying

function say(words) {
  by("problem").textContent = "";
  by("said").textContent = words;
}

function problem(error) {
  by("said").textContent = "";
  by("problem").textContent = capital(error.message);
  if (!(error instanceof Refusal)) console.error(error);
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// Showing

function showState(next, { flash = true } = {}) {
  const before = state;
  state = next;
  unshown = null;
  const same =
    before.clips.length === next.clips.length && before.clips.every((old, at) => old.first === next.clips[at].first);
  hand = Math.min(hand, next.clips.length - 1);
  if (!same) {
    relay();
  } else {
    next.clips.forEach((now, at) => {
      if (JSON.stringify(now) === JSON.stringify(before.clips[at])) return;
      strip.mark(now, { flash });
      if (at !== hand) suggestions.forget(at);
    });
    if (next !== before && JSON.stringify(clip()) !== JSON.stringify(before.clips[hand])) {
      showClip({ keepTime: true });
      suggestions.markChosen();
    }
  }
  showFacts();
}

// There are other shots than before.
function relay() {
  const focused = strip.focused;
  partner = null;
  by("swap").setAttribute("aria-pressed", "false");
  suggestions.forget();
  strip.lay(state);
  take(hand, { focus: focused, again: true });
}

function showFacts() {
  by("undo").disabled = !state.can_undo;
  by("redo").disabled = !state.can_redo;
  by("saved").textContent = state.saved ? "saved" : "not saved";
  by("saved").classList.toggle("not", !state.saved);
  by("save").hidden = state.saved;
  by("edit-name").textContent = state.edit;
  if (!state.saved || state.message) problem(new Refusal(state.message));
  const locked = state.clips.filter((one) => one.locked).length;
  by("counts").textContent = `${state.clips.length} in ${frame.duration.split(".")[0]}${locked ? `, ${locked} locked` : ""}`;
}

function showClip(options = {}) {
  const now = clip();
  viewer.show(now, now.match, { rate: state.rate, ...options });
  by("viewer-title").textContent = `Shot ${now.number + 1} of ${state.clips.length}`;
  by("viewer-facts").textContent = `${now.start} · ${now.seconds.toFixed(2)} s`;
  by("lock").setAttribute("aria-pressed", String(now.locked));
  by("lock").querySelector(".words").textContent = now.locked ? "Locked" : "Lock";
  by("reject").disabled = !now.match;
  by("swap").disabled = !now.match && partner === null;
  by("title").disabled = now.kind === "title";
  by("black").disabled = now.kind === "black";
  by("join").disabled = now.number + 1 >= state.clips.length;
  by("split").disabled = now.frames < 2;
  by("cut-back").disabled = by("cut-on").disabled = now.number === 0;
  for (const [id, edge, where] of [["begin", now.begins, "In"], ["end", now.ends, "Out"]]) {
    by(id).setAttribute("aria-pressed", String(edge.follows));
    by(id).querySelector(".words").textContent = `${where}: ${edgeWords(edge)}`;
  }
  why(now.match);
}

function edgeWords({ kind, frames, follows }) {
  if (kind !== "cut") return `${kind} ${frames}`;
  return follows ? "cut, no frames to dissolve" : "cut";
}

function why(match) {
  by("why-words").textContent = match ? match.shared || "nothing stands out" : "–";
  by("why-words").classList.toggle("none", !match?.shared);
  by("why-cues").replaceChildren(
    ...(match ? [{ name: "score", score: match.score }, ...match.cues] : []).map(({ name, score }) => {
      const cue = document.createElement("span");
      cue.className = "cue";
      const meter = Object.assign(document.createElement("meter"), { min: 0, max: 1, value: Math.max(0, score) });
      meter.setAttribute("aria-label", name);
      const label = document.createElement("span");
      label.textContent = `${name} ${score.toFixed(2)}`;
      cue.append(meter, label);
      return cue;
    }),
  );
}

function tryOut(match, chosen) {
  if (viewer.mode === "whole") viewer.setMode("shot");
  if (chosen && clip().match) return showClip({ keepTime: true });
  viewer.show(clip(), match, { rate: state.rate, trying: true, keepTime: true });
  why(match);
  if (!viewer.speed) viewer.play(1);
}

function shotAt(seconds) {
  const slot = Math.floor(seconds * state.rate + 0.01);
  const after = state.clips.findIndex((one) => one.end > slot);
  return after < 0 ? state.clips.length - 1 : after;
}

// The shot in hand

function take(number, { focus = false, seek = true, again = false } = {}) {
  const to = Math.min(Math.max(number, 0), state.clips.length - 1);
  const other = to !== hand || again;
  hand = to;
  strip.take(hand, { focus });
  if (viewer.mode === "whole") {
    if (seek) viewer.seekWhole(clip().first / state.rate);
  }
  showClip({ keepTime: !other });
  if (other || suggestions.clip === null) suggestions.show(hand);
}

const go = (step) => take(hand + step, { focus: true });

// Doing: one command after the other, each on what the one before has left

let unshown = null;
const edited = (number) => (unshown ?? state).clips[number];
const end = (shot) => shot.first_frame + shot.frames;

// Why not, asked when all before it has been answered: by then the shots can be others than when the key was pressed.
const IMPOSSIBLE = {
  undo: () => !state.can_undo && "There is nothing to undo",
  redo: () => !state.can_redo && "There is nothing to redo",
  split: ({ clip: number, frame: at }) => {
    const shot = edited(number);
    const within = shot && shot.first_frame < at && at < end(shot);
    return !within && `Shot ${number + 1} is split before one of its frames, but not before its first`;
  },
  join: ({ clip: number }) => !edited(number + 1) && `There is no shot behind shot ${number + 1} to join it with`,
  cut: ({ clip: number, frame: at }) => {
    const [before, after] = [edited(number - 1), edited(number)];
    if (!before) return "The first shot begins where the trailer begins";
    if (!after) return `There is no cut behind shot ${number}, it is the last`;
    const between = before.first_frame < at && at < end(after);
    return !between && `The cut before shot ${number + 1} cannot move further: each shot keeps a frame`;
  },
};

// values: also a function, for what is counted from where the shots then are.
function perform(verb, values = {}, { path = `/edit/${verb}` } = {}) {
  waiting += 1;
  const sent = row.then(async () => {
    try {
      const asked = typeof values === "function" ? values() : values;
      const why = IMPOSSIBLE[verb]?.(asked);
      if (why) return { said: why };
      return await post(path, { revision: state.revision, ...asked });
    } finally {
      waiting -= 1;
    }
  });
  row = sent.then(
    (next) => {
      const { revision, can_undo, can_redo } = next;
      if (next.clips) Object.assign(state, { revision, can_undo, can_redo });
      if (next.clips) unshown = next;
      // While more is to come only what comes last is shown, also where that changes nothing any more.
      if (unshown && waiting === 0) showState(unshown);
      if (next.said) say(next.said);
      if (next.clips) showSaved(next);
      poll();
    },
    (error) => refused(error),
  );
  return row;
}

function showSaved(next) {
  if (!next.saved) problem(new Refusal(next.message));
}

async function refused(error) {
  // The same revision: it was another program that has written into the file.
  if (error.status === 409) return conflict(error.message, error.details.revision === state.revision);
  try {
    if (waiting === 0) showState(await json("/state"));
  } catch {
    // The first sentence says it.
  }
  problem(error);
}

// At once as it will be; the server's word replaces it.
function guess(changes) {
  state.clips[hand] = { ...clip(), ...changes };
  strip.mark(clip(), { flash: true });
}

async function choose({ next = false } = {}) {
  const number = hand;
  if (suggestions.busy) await suggestions.ready;
  const match = suggestions.match;
  if (!match || suggestions.clip !== number || hand !== number) return;
  guess({ kind: "footage", match: { ...match, speed: undefined } });
  suggestions.markChosen();
  showClip({ keepTime: true });
  perform("choose", { clip: number, film: match.film, shot: match.shot });
  suggestions.forget(number);
  if (next) go(1);
}

function lock() {
  const locked = !clip().locked;
  guess({ locked });
  showClip({ keepTime: true });
  perform("lock", { clip: hand, locked });
}

async function reject() {
  const { match } = clip();
  if (!match) return;
  await perform("reject", { clip: hand, film: match.film, shot: match.shot });
  refresh();
}

function refresh() {
  suggestions.forget();
  return suggestions.show(hand, { page: suggestions.page });
}

let gathered = 0;
function slide(place) {
  const { match } = clip();
  if (!match) return;
  const number = hand;
  clearTimeout(gathered);
  const send = () => {
    if (place !== state.clips[number]?.match?.first) perform("slide", { clip: number, place });
  };
  gathered = setTimeout(send, GATHER_MS);
}

function nudge(frames) {
  if (!clip().match || by("in-point").disabled) return;
  viewer.slideTo(viewer.in + frames);
  slide(viewer.in);
}

function swap() {
  if (partner === null) {
    if (!clip().match) return;
    partner = hand;
    say(`Shot ${hand + 1} is to be swapped: go to the other shot and press S again`);
  } else {
    const other = partner;
    partner = null;
    if (other !== hand) perform("swap", { clip: hand, other });
    else say("Nothing is swapped");
  }
  by("swap").setAttribute("aria-pressed", String(partner !== null));
  strip.partner(partner);
}

function split() {
  const at = viewer.mode === "whole" ? Math.floor(viewer.wholeTime * state.rate + 0.01) - clip().first : viewer.frame;
  viewer.pause();
  perform("split", { clip: hand, frame: clip().first_frame + Math.max(at, 0) });
}

// A key held down moves it by a frame each time, however late the answers come.
function cut(number, frames) {
  perform("cut", () => ({ clip: number, frame: (edited(number)?.first_frame ?? 0) + frames }));
}

// What is to be at one end of the shot is decided when all before it has been answered.
function edge(verb) {
  const number = hand;
  const end = verb === "begin" ? "begins" : "ends";
  perform(verb, () => ({ clip: number, follow: !edited(number)?.[end]?.follows }));
}

function another() {
  seed += 1;
  perform("again", { seed });
}

function mode(to = viewer.mode === "shot" ? "whole" : "shot") {
  viewer.setMode(to, (clip().first + 0.2) / state.rate + (to === "whole" ? viewer.time : 0));
  if (to === "shot") showClip();
}

async function render() {
  if (rendering) return perform("stop", {}, { path: "/render/stop" });
  await perform("render", {}, { path: "/render" });
}

// Two windows on one edit

function conflict(words, foreign = false) {
  const dialog = by("conflict");
  by("conflict-words").textContent = `${capital(words)}.`;
  dialog.querySelector("[value=take]").textContent = foreign ? "Load the other one" : "Take over the other window's state";
  by("fork").hidden = !foreign;
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
}

by("conflict").addEventListener("close", async () => {
  const chosen = by("conflict").returnValue;
  if (!chosen) return;
  try {
    let now = await json("/state");
    const foreign = now.revision === state.revision;
    if (chosen === "fork") now = await post("/edit/fork", { revision: now.revision });
    else if (foreign) now = await post("/edit/reload", { revision: now.revision });
    suggestions.forget();
    showState(now);
    take(hand, { again: true });
    say(chosen === "fork" ? `This edit is now ${now.edit}` : "This is the edit as it is now");
  } catch (error) {
    problem(error);
  }
});

// What changes by itself

let polling = 0;
async function poll() {
  clearTimeout(polling);
  let busy = false;
  try {
    const before = state.revision;
    const quiet = waiting === 0;
    const status = await json("/status");
    viewer.setPreview(status.preview, status.revision);
    busy = showRendering(status.render) || status.preview.running || status.preview.revision !== status.revision;
    showReading(status.reading);
    busy ||= status.reading.stage === "reading";
    const foreign = quiet && waiting === 0 && before === state.revision && status.revision !== before;
    if (foreign && seenConflict !== status.revision) {
      seenConflict = status.revision;
      conflict("another window has changed this edit; nothing of it was overwritten");
    }
  } catch (error) {
    problem(error);
  }
  clearTimeout(polling);
  polling = setTimeout(poll, document.hidden ? 4 * IDLE_MS : busy ? BUSY_MS : IDLE_MS);
}

function showRendering({ stage, done, total, message }) {
  const before = rendering;
  rendering = stage === "running" || stage === "stopping";
  const bar = by("render-progress");
  const share = by("render-share");
  bar.hidden = share.hidden = by("render-stop").hidden = !rendering;
  by("render").hidden = rendering;
  by("render-stop").disabled = stage === "stopping";
  bar.value = total ? done / total : 0;
  share.textContent = `${total ? Math.floor((100 * done) / total) : 0} %`;
  if (rendering && !before) say(`Rendering ${frame.output}`);
  if (before && !rendering) {
    if (stage === "failed") problem(new Refusal(message));
    else say(stage === "done" ? `Rendered: ${message}` : message);
  }
  return rendering;
}

function showReading({ stage, share, message }) {
  const words = { reading: `reading the trailer: ${Math.floor(share * 100)} %`, failed: message }[stage];
  by("reading").textContent = words ?? (suggestions.busy ? "asking the library" : "");
  if (lastReading === "reading" && stage === "ready") suggestions.renew();
  lastReading = stage;
}

// Buttons and keys do the same

const acts = {
  undo: async () => {
    await perform("undo");
    refresh();
  },
  redo: async () => {
    await perform("redo");
    refresh();
  },
  again: () => perform("again"),
  another,
  render,
  "render-stop": render,
  "help-open": () => by("help").showModal(),
  "mode-shot": () => mode("shot"),
  "mode-whole": () => mode("whole"),
  "play-back": () => viewer.shuttle(-1),
  play: () => viewer.toggle(),
  "slide-back": () => nudge(-1),
  "slide-on": () => nudge(1),
  lock,
  reject,
  title: () => perform("title", { clip: hand }),
  black: () => perform("black", { clip: hand }),
  swap,
  split,
  join: () => perform("join", { clip: hand }),
  begin: () => edge("begin"),
  end: () => edge("end"),
  "cut-back": () => cut(hand, -1),
  "cut-on": () => cut(hand, 1),
  choose: () => choose(),
  "more-like": () => suggestions.match && suggestions.moreLike(suggestions.match),
  "not-film": () => suggestions.match && suggestions.notFilm(suggestions.match.film),
  save: () => perform("save"),
};
for (const [id, act] of Object.entries(acts)) by(id).addEventListener("click", () => act());

listen({
  Space: () => viewer.toggle(),
  k: () => viewer.pause(),
  l: () => viewer.shuttle(1),
  j: () => viewer.shuttle(-1),
  e: () => mode(),
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
  "Shift+ArrowLeft": () => viewer.step(-1),
  "Shift+ArrowRight": () => viewer.step(1),
  Home: () => take(0, { focus: true }),
  End: () => take(state.clips.length - 1, { focus: true }),
  ArrowUp: () => suggestions.go(-1),
  ArrowDown: () => suggestions.go(1),
  PageUp: () => suggestions.turn(-1),
  PageDown: () => suggestions.turn(1),
  Enter: () => choose(),
  "Shift+Enter": () => choose({ next: true }),
  m: acts["more-like"],
  n: acts["not-film"],
  "/": () => by("text").focus(),
  Escape: () => {
    if (document.activeElement?.matches("input, select")) strip.take(hand, { focus: true });
    else if (partner !== null) swap();
    else if (suggestions.filtered) suggestions.clear();
  },
  "Shift+l": lock,
  x: reject,
  t: acts.title,
  d: acts.black,
  z: acts.undo,
  "Shift+z": acts.redo,
  ",": () => nudge(-1),
  ".": () => nudge(1),
  "<": () => nudge(-10),
  ">": () => nudge(10),
  s: swap,
  b: split,
  "Shift+b": acts.join,
  "[": () => cut(hand, -1),
  "]": () => cut(hand, 1),
  "{": () => cut(hand + 1, -1),
  "}": () => cut(hand + 1, 1),
  f: acts.begin,
  "Shift+f": acts.end,
  a: acts.again,
  "Shift+a": another,
  r: render,
  "?": acts["help-open"],
});

strip.lay(state);
showFacts();
take(0);
poll();
json("/waveform").then((drawn) => strip.setWave(drawn), problem);
document.documentElement.dataset.ready = "yes";
