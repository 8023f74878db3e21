// The suggestions for the shot in hand: one listbox, whose thumbnails move where the person looks.

import { html, moving, Refusal } from "./server.js";

const by = (id) => document.getElementById(id);
const list = by("list");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const HEIGHT = 144;
const KEPT_PAGES = 40;
const ROWS_AHEAD = 3;
const TYPING_MS = 350;

export class Suggestions {
  constructor({ onTry, onChoose, onProblem, filmName, shown }) {
    this.onTry = onTry;
    this.onProblem = onProblem;
    this.filmName = filmName;
    this.shown = shown;
    this.clip = null;
    this.active = -1;
    this.page = 0;
    this.like = null;
    this.without = [];
    this.cache = new Map();
    this.coming = null;
    // The one film that moves; it goes from thumbnail to thumbnail.
    this.video = Object.assign(document.createElement("video"), { muted: true, loop: true, playsInline: true });
    list.addEventListener("click", (event) => {
      const row = event.target.closest(".suggestion");
      if (row) this.activate(this.rows.indexOf(row), { focus: true });
    });
    list.addEventListener("dblclick", (event) => {
      if (event.target.closest(".suggestion")) onChoose();
    });
    list.addEventListener("pointerover", (event) => this.move(event.target.closest(".suggestion")));
    list.addEventListener("pointerleave", () => this.move(this.rows[this.active]));
    list.addEventListener("focusin", (event) => this.move(event.target.closest(".suggestion")));
    by("filters").addEventListener("submit", (event) => event.preventDefault());
    for (const id of ["by", "film"]) by(id).addEventListener("change", () => this.filter());
    let typing = 0;
    by("text").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.filter(), TYPING_MS);
    });
    by("page-back").addEventListener("click", () => this.turn(-1));
    by("page-on").addEventListener("click", () => this.turn(1));
    this.rows = [];
    this.laid = null;
    this.ready = Promise.resolve();
  }

  // The one that is looked at; none as long as the list is still that of another shot.
  get match() {
    const row = this.laid === this.clip ? this.rows[this.active] : null;
    return row ? JSON.parse(row.dataset.match) : null;
  }

  get busy() {
    return list.getAttribute("aria-busy") === "true";
  }

  get filtered() {
    return Boolean(by("by").value || by("film").value || by("text").value.trim() || this.like || this.without.length);
  }

  address(page = this.page) {
    const asked = new URLSearchParams();
    for (const id of ["by", "film", "text"]) if (by(id).value.trim()) asked.set(id, by(id).value.trim());
    if (this.like) asked.set("like", `${this.like.film}:${this.like.shot}`);
    for (const film of this.without) asked.append("without", film);
    if (page) asked.set("page", page);
    return `/clips/${this.clip}/suggestions?${asked}`;
  }

  // Ask for those of a shot. `ready` is kept when they are there.
  show(clip, { page = 0 } = {}) {
    const other = clip !== this.clip;
    this.clip = clip;
    this.page = page;
    this.asking?.abort();
    this.asking = new AbortController();
    if (other) list.scrollTop = 0;
    list.setAttribute("aria-busy", "true");
    this.ready = this.ask(this.asking);
    return this.ready;
  }

  // The same list again, where there may be more to choose from by now. Nobody waits for it: keys are for the list that
  // is seen, and who looks at one of it goes on looking at that.
  renew() {
    this.forget();
    if (this.busy) return this.show(this.clip, { page: this.page });
    this.asking?.abort();
    this.asking = new AbortController();
    return this.ask(this.asking, { renewed: true });
  }

  async ask(asking, { renewed = false } = {}) {
    const key = this.address();
    try {
      const coming = this.coming?.key === key ? this.coming.text : null;
      const text = this.cache.get(key) ?? (await coming) ?? (await html(key, asking.signal));
      if (asking.signal.aborted) return this.ready;
      this.keep(key, text);
      this.lay(text, renewed ? this.match : null);
    } catch (error) {
      if (asking.signal.aborted || error.name === "AbortError") return this.ready;
      if (renewed) return this.onProblem(error);
      this.lay("");
      const said = document.createElement("p");
      said.className = "nothing";
      said.textContent = error instanceof Refusal ? error.message : String(error);
      list.append(said);
      this.onProblem(error);
    }
    list.setAttribute("aria-busy", "false");
    return undefined;
  }

  // In hand is the one that was looked at, if it is among them, or else the one that the clip shows, or the first.
  lay(text, looked = null) {
    const focused = list.contains(document.activeElement);
    const top = list.scrollTop;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.remove();
    list.innerHTML = text;
    this.laid = this.clip;
    this.rows = [...list.querySelectorAll(".suggestion")];
    this.labels = this.rows.map((row) => row.getAttribute("aria-label"));
    this.active = -1;
    this.markChosen();
    const facts = by("page-facts");
    const more = Boolean(facts?.dataset.more);
    by("page-back").disabled = this.page === 0;
    by("page-on").disabled = !more;
    by("page-number").textContent = this.page + 1;
    if (this.rows.length) {
      const kept = looked ? this.rows.findIndex((row) => shows(row, looked)) : -1;
      const chosen = this.rows.findIndex((row) => row.classList.contains("chosen"));
      if (kept >= 0) list.scrollTop = top;
      this.activate(kept >= 0 ? kept : Math.max(0, chosen), { focus: focused, tried: false });
    }
    this.buttons();
  }

  keep(key, text) {
    this.cache.delete(key);
    this.cache.set(key, text);
    if (this.cache.size > KEPT_PAGES) this.cache.delete(this.cache.keys().next().value);
  }

  // Who comes to the end of a page goes on to the next one: it is asked for before.
  prepare() {
    const key = this.address(this.page + 1);
    if (by("page-on").disabled || this.cache.has(key) || this.coming?.key === key) return;
    // What goes wrong is said when the page is turned: then it is asked for again.
    const coming = { key, text: html(key).catch(() => null) };
    this.coming = coming;
    coming.text.then((text) => {
      if (this.coming !== coming) return;
      this.coming = null;
      if (text !== null) this.keep(key, text);
    });
  }

  // What was said about a shot, or about all, does not hold any more.
  forget(clip = null) {
    this.coming = null;
    for (const key of this.cache.keys()) {
      if (clip === null || key.startsWith(`/clips/${clip}/`)) this.cache.delete(key);
    }
  }

  activate(number, { focus = false, tried = true } = {}) {
    const row = this.rows[number];
    if (!row) return;
    const before = this.rows[this.active];
    if (before) {
      before.setAttribute("aria-selected", "false");
      before.tabIndex = -1;
    }
    this.active = number;
    row.setAttribute("aria-selected", "true");
    row.tabIndex = 0;
    if (focus) row.focus({ preventScroll: true });
    if (focus) row.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
    if (tried) this.onTry(this.match, row.classList.contains("chosen"));
    if (number + ROWS_AHEAD >= this.rows.length) this.prepare();
    this.buttons();
  }

  // Up and down; past the ends of a page to the next one.
  async go(step) {
    if (this.busy) await this.ready;
    const { page } = this;
    const to = this.active + step;
    if (to >= 0 && to < this.rows.length) return this.activate(to, { focus: true });
    if (step > 0 && by("page-on").disabled === false) {
      await this.turn(1);
      // It may have been the last one all the same.
      if (!this.rows.length) await this.turn(-1);
      this.activate(this.page === page ? this.rows.length - 1 : 0, { focus: true });
    } else if (step < 0 && this.page > 0) {
      await this.turn(-1);
      this.activate(this.rows.length - 1, { focus: true });
    }
  }

  async turn(step) {
    const button = by(step > 0 ? "page-on" : "page-back");
    if (!button.disabled) await this.show(this.clip, { page: this.page + step });
  }

  // The one that the shot shows, as the page knows it: often before the server does.
  markChosen() {
    const match = this.shown();
    this.rows.forEach((row, at) => {
      const chosen = Boolean(match) && shows(row, match);
      row.classList.toggle("chosen", chosen);
      row.setAttribute("aria-label", `${this.labels[at]}${chosen ? ", chosen" : ""}`);
    });
  }

  move(row) {
    if (!row) {
      this.video.pause();
      return this.video.remove();
    }
    if (calm.matches) return;
    const match = JSON.parse(row.dataset.match);
    const address = moving(match.film, match.first, match.end, HEIGHT);
    const thumb = row.querySelector(".thumb");
    if (this.video.parentNode === thumb) return;
    thumb.insertBefore(this.video, thumb.querySelector(".rank"));
    this.video.src = address;
    this.video.play().catch(() => {
      // It left before it came, or cannot be had: the still picture stays.
    });
  }

  filter() {
    this.chips();
    return this.show(this.clip);
  }

  moreLike(match) {
    this.like = match;
    return this.filter();
  }

  notFilm(film) {
    if (!this.without.includes(film)) this.without.push(film);
    return this.filter();
  }

  clear() {
    for (const id of ["by", "film", "text"]) by(id).value = "";
    this.like = null;
    this.without = [];
    return this.filter();
  }

  chips() {
    const chips = [];
    if (this.like) {
      chips.push(chip(`like ${this.like.name} · ${this.like.at}`, () => {
        this.like = null;
        this.filter();
      }));
    }
    for (const film of this.without) {
      chips.push(chip(`not ${this.filmName(film)}`, () => {
        this.without = this.without.filter((other) => other !== film);
        this.filter();
      }));
    }
    if (this.filtered) chips.push(chip("all suggestions", () => this.clear(), "No filters"));
    by("chips").replaceChildren(...chips);
  }

  buttons() {
    const match = this.match;
    by("choose").disabled = !match;
    by("more-like").disabled = !match;
    by("not-film").disabled = !match;
  }

  get focused() {
    return list.contains(document.activeElement);
  }
}

function shows(row, match) {
  const its = JSON.parse(row.dataset.match);
  return its.film === match.film && its.shot === match.shot;
}

function chip(words, act, label) {
  const button = document.createElement("button");
  button.type = "button";
  const said = document.createElement("span");
  said.textContent = words;
  button.append(said, "×");
  button.setAttribute("aria-label", label ?? `Without the filter: ${words}`);
  button.addEventListener("click", act);
  return button;
}
