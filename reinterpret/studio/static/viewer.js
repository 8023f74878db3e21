// The viewer: the trailer's shot and what answers it beside each other, in step; or the whole edit as one film.

import { clock, moving, still, whole } from "./server.js";

const by = (id) => document.getElementById(id);
const screens = by("screens");
const left = by("left");
const right = by("right");
const leftVideo = left.querySelector("video");
const rightVideo = right.querySelector("video");
const wholeBox = by("whole");
const wholeVideo = wholeBox.querySelector("video");
const inPoint = by("in-point");
const playButton = by("play");

// Seconds: how far two films may run apart before one is put right, and what is made around the span that is used.
const APART = 0.09;
const AROUND = 3;
const MOST_SECONDS = 45;
const FASTEST = 4;
const HEIGHT = 360;
// Seconds until a film that does not come, or could not be had, is asked for again, twice as long each time; how often.
const COMES_WITHIN = 15;
const MENDED_WITHIN = 1;
const TRIES = 4;

for (const figure of [left, right]) {
  const video = figure.querySelector("video");
  const show = () => video.classList.toggle("ready", video.readyState >= 2 && !video.seeking);
  for (const event of ["loadeddata", "seeked", "playing"]) video.addEventListener(event, show);
  video.addEventListener("emptied", () => video.classList.remove("ready"));
  const image = figure.querySelector("img");
  image.addEventListener("load", () => image.classList.remove("old"));
}

export class Viewer {
  constructor({ onTime, onSlide, onEnd }) {
    this.onTime = onTime;
    this.onEnd = onEnd;
    this.mode = "shot";
    this.speed = 0; // 0 stands still, below 0 runs backwards
    this.time = 0; // seconds into the shot
    this.clip = null;
    this.match = null;
    this.revision = null;
    this.last = 0;
    inPoint.addEventListener("input", () => {
      this.pause();
      this.slideTo(Number(inPoint.value));
    });
    inPoint.addEventListener("change", () => onSlide(Number(inPoint.value)));
    wholeVideo.addEventListener("ended", () => this.pause());
    for (const video of [leftVideo, rightVideo, wholeVideo]) {
      insist(video, () => {
        if (this.speed > 0) this.run();
      });
    }
    const tick = (now) => {
      this.tick(now);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  // Show a shot with a match, which may be one that is only tried.
  show(clip, match, { rate, trying = false, keepTime = false } = {}) {
    const same = this.clip && this.clip.first === clip.first && this.clip.end === clip.end;
    this.clip = clip;
    this.match = match;
    this.rate = rate;
    this.length = (clip.end - clip.first) / rate;
    if (!same || !keepTime) this.time = 0;
    const end = Math.min(clip.end, clip.first + Math.floor(MOST_SECONDS * rate));
    source(left, moving(0, clip.first, end, HEIGHT), still(0, clip.first));
    right.classList.toggle("trying", trying);
    right.classList.toggle("dark", !match && clip.kind !== "title");
    right.classList.toggle("white", !match && clip.kind === "white");
    if (match) {
      this.in = match.first;
      this.matchSpeed = match.speed ?? this.fittingSpeed(match);
      this.window();
      inPoint.disabled = trying || match.last_in <= match.shot_first;
      inPoint.min = match.shot_first;
      inPoint.max = Math.max(match.last_in, match.shot_first);
      inPoint.value = match.first;
    } else {
      this.in = 0;
      this.matchSpeed = 1;
      if (clip.kind === "title") {
        this.offset = 0;
        source(right, moving(0, clip.first, end, HEIGHT), still(0, clip.first));
      } else {
        source(right, "", "");
      }
      inPoint.disabled = true;
      inPoint.value = inPoint.min;
    }
    by("slide-back").disabled = by("slide-on").disabled = inPoint.disabled;
    this.caption(trying);
    this.seek(this.time);
    if (this.mode === "shot" && this.speed > 0) this.run();
  }

  // How the server will play a shot that is too short: slowed down, at most to half speed.
  fittingSpeed(match) {
    const available = (match.end - match.first) / match.rate;
    return available >= this.length - 0.02 ? 1 : Math.max(0.5, Math.floor((available / this.length) * 100) / 100);
  }

  caption(trying) {
    const { clip, match } = this;
    let words = clip.kind === "white" ? "White" : "Black";
    if (match) words = `${match.name} · ${clock(this.in / match.rate)}${match.offline ? " · the file is missing" : ""}`;
    else if (clip.kind === "title") words = "The trailer's own picture stays";
    const slowed = match && this.matchSpeed !== 1 ? ` · ${Math.round(this.matchSpeed * 100)} % speed` : "";
    by("right-caption").textContent = `${trying ? "Trying: " : ""}${words}${slowed}`;
    by("in-clock").textContent = match ? clock(this.in / match.rate) : "–";
    inPoint.setAttribute("aria-valuetext", by("in-clock").textContent);
  }

  // What is made of the archive shot: some seconds around what is used, in steps, so that small slides need no other.
  window() {
    const { match } = this;
    const step = Math.max(1, Math.round(match.rate));
    const used = Math.ceil(Math.min(this.length * this.matchSpeed, MOST_SECONDS - 3 * AROUND) * match.rate);
    const from = match.shot_first + Math.floor((this.in - AROUND * step - match.shot_first) / step) * step;
    const to = match.shot_first + Math.ceil((this.in + used + AROUND * step - match.shot_first) / step) * step;
    this.first = Math.max(match.shot_first, from);
    this.end = Math.max(this.first + 1, Math.min(match.shot_end, to));
    this.offset = (this.in - this.first) / match.rate;
    source(right, moving(match.film, this.first, this.end, HEIGHT), still(match.film, match.first));
  }

  slideTo(place) {
    if (!this.match) return;
    this.in = Math.min(Math.max(place, this.match.shot_first), Math.max(this.match.last_in, this.match.shot_first));
    inPoint.value = this.in;
    const before = rightVideo.getAttribute("src");
    this.window();
    if (rightVideo.getAttribute("src") !== before) right.querySelector("img").src = still(this.match.film, this.in);
    this.caption(false);
    this.seek(this.speed ? this.time : 0);
  }

  // The frame of the trailer that is shown, counted from the shot's first.
  get frame() {
    return Math.floor(this.time * this.rate + 0.01);
  }

  rightTime(time) {
    if (!this.match) return time + 0.4 / this.rate;
    const last = (this.end - this.first - 0.5) / this.match.rate;
    return Math.min(this.offset + time * this.matchSpeed + 0.4 / this.match.rate, last);
  }

  seek(time) {
    this.time = Math.min(Math.max(time, 0), Math.max(0, this.length - 0.5 / this.rate));
    put(leftVideo, this.time + 0.4 / this.rate);
    put(rightVideo, this.rightTime(this.time));
    this.tell();
  }

  step(frames) {
    this.pause();
    if (this.mode === "whole") {
      put(wholeVideo, wholeVideo.currentTime + frames / this.rate);
    } else {
      this.seek((this.frame + frames) / this.rate);
    }
  }

  toggle() {
    if (this.speed) this.pause();
    else this.play(1);
  }

  // direction 1 or -1; the same again is twice as fast.
  shuttle(direction) {
    const faster = this.speed * direction > 0;
    this.play(faster ? Math.sign(this.speed) * Math.min(Math.abs(this.speed) * 2, FASTEST) : direction);
  }

  play(speed) {
    this.speed = speed;
    if (this.mode === "whole" && wholeVideo.ended && speed > 0) wholeVideo.currentTime = 0;
    if (this.mode === "shot" && speed > 0 && this.time >= this.length - 1 / this.rate) this.seek(0);
    this.run();
  }

  run() {
    playButton.querySelector("use").setAttribute("href", this.speed ? "#i-pause" : "#i-play");
    playButton.setAttribute("aria-label", this.speed ? "Pause" : "Play");
    if (this.speed <= 0) {
      for (const video of [leftVideo, rightVideo, wholeVideo]) video.pause();
    } else if (this.mode === "whole") {
      wholeVideo.playbackRate = this.speed;
      start(wholeVideo);
    } else {
      leftVideo.playbackRate = this.speed;
      rightVideo.playbackRate = Math.max(0.0625, this.speed * this.matchSpeed);
      start(leftVideo);
      if (rightVideo.getAttribute("src")) start(rightVideo);
    }
  }

  pause() {
    const ran = this.speed !== 0;
    this.speed = 0;
    this.run();
    if (this.mode === "shot" && ran) this.seek(this.frame / this.rate);
    if (ran) this.onEnd();
  }

  tick(now) {
    const passed = Math.min((now - this.last) / 1000, 0.1);
    this.last = now;
    if (!this.clip || !this.speed) return;
    if (this.mode === "whole") {
      if (this.speed < 0 && !wholeVideo.seeking) put(wholeVideo, wholeVideo.currentTime + this.speed * passed);
      if (this.speed < 0 && wholeVideo.currentTime <= 0) this.pause();
      return this.tell();
    }
    if (this.speed < 0) {
      const time = this.time + this.speed * passed;
      if (!leftVideo.seeking && !rightVideo.seeking) this.seek(time < 0 ? this.length : time);
      else this.time = Math.max(0, time);
      return this.tell();
    }
    const master = leftVideo.readyState >= 2 ? leftVideo : null;
    this.time = master ? master.currentTime : this.time + this.speed * passed;
    if (this.time >= this.length - 0.3 / this.rate || master?.ended) {
      this.seek(0);
      this.run();
      return;
    }
    if (rightVideo.readyState >= 2 && !rightVideo.seeking) {
      const wanted = this.rightTime(this.time);
      const over = wanted >= (this.end - this.first - 0.6) / (this.match?.rate ?? this.rate);
      if (this.match && over) rightVideo.pause(); // its last frame is held
      else if (Math.abs(rightVideo.currentTime - wanted) > APART * Math.max(1, this.speed)) put(rightVideo, wanted);
    }
    this.tell();
  }

  tell() {
    const at = this.mode === "whole" ? wholeVideo.currentTime : this.clip.first / this.rate + this.time;
    by("clock").textContent = clock(at);
    this.onTime(at, this.mode === "whole" && this.speed !== 0);
  }

  // The whole edit

  setMode(mode, seconds) {
    this.speed = 0;
    this.run();
    this.mode = mode;
    wholeBox.hidden = mode !== "whole";
    screens.classList.toggle("whole", mode === "whole");
    by("mode-shot").setAttribute("aria-pressed", String(mode === "shot"));
    by("mode-whole").setAttribute("aria-pressed", String(mode === "whole"));
    if (mode === "whole") {
      this.loadWhole();
      put(wholeVideo, seconds);
    }
    this.tell();
  }

  seekWhole(seconds) {
    put(wholeVideo, seconds + 0.2 / this.rate);
    this.tell();
  }

  setPreview(preview, revision) {
    const note = by("whole-note");
    const current = preview.revision === revision;
    note.hidden = current && !preview.problem;
    if (preview.problem) note.textContent = preview.problem;
    else if (preview.running && preview.total) {
      note.textContent = `The film is being made: ${Math.floor((100 * preview.done) / preview.total)} %`;
    } else note.textContent = "The film is being made";
    if (preview.revision !== null && preview.revision !== this.revision) {
      this.revision = preview.revision;
      if (this.mode === "whole") this.loadWhole();
    }
  }

  // The newest film in place of the one before, at the same instant, running if that ran.
  loadWhole() {
    if (this.revision === null || wholeVideo.dataset.revision === String(this.revision)) return;
    const at = wholeVideo.currentTime;
    wholeVideo.dataset.revision = this.revision;
    wholeVideo.src = whole(this.revision);
    put(wholeVideo, at);
    if (this.mode === "whole" && this.speed > 0) this.run();
  }

  get wholeTime() {
    return wholeVideo.currentTime;
  }
}

function source(figure, address, picture) {
  const video = figure.querySelector("video");
  const image = figure.querySelector("img");
  if (image.getAttribute("src") !== picture) {
    image.classList.add("old"); // nothing rather than the picture of another shot
    if (picture) image.src = picture;
    else image.removeAttribute("src");
  }
  if ((video.getAttribute("src") ?? "") === address) return;
  if (address) {
    video.src = address;
  } else {
    video.removeAttribute("src");
    video.load();
  }
}

// A request that was lost leaves a film black for ever: browsers ask once. `onAgain` is told of each further time.
function insist(video, onAgain) {
  let asked = "";
  let tries = 0;
  let timer = 0;
  const again = () => {
    if (!video.getAttribute("src") || video.readyState >= 2) return;
    tries += 1;
    const at = video.currentTime;
    video.load();
    put(video, at);
    onAgain();
  };
  const waitFor = (seconds) => {
    clearTimeout(timer);
    if (tries < TRIES) timer = setTimeout(again, seconds * 1000 * 2 ** tries);
  };
  video.addEventListener("loadstart", () => {
    if (video.src !== asked) tries = 0;
    asked = video.src;
    waitFor(COMES_WITHIN);
  });
  video.addEventListener("error", () => waitFor(MENDED_WITHIN));
  video.addEventListener("loadeddata", () => clearTimeout(timer));
}

// Before it knows its length a film remembers where it is to begin.
function put(video, seconds) {
  if (!video.getAttribute("src")) return;
  if (Math.abs(video.currentTime - seconds) > 0.001) video.currentTime = Math.max(0, seconds);
}

function start(video) {
  video.play().catch(() => {
    // Another film took its place, or it cannot be had; the picture that stands there stays.
  });
}
