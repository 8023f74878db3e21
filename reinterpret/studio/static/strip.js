// The strip: the shots of the trailer in time, and below each what answers it. One listbox, one shot in hand.

import { still } from "./server.js";

const strip = document.getElementById("strip");
const scroller = document.getElementById("scroller");
const track = document.getElementById("track");
const playhead = document.getElementById("playhead");
const wave = document.getElementById("wave");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const ZOOM_STEP = 1.35;
const LEAST_PX = 4;
const MOST_PX = 400;
const MOST_PICTURES = 8;
const LEAST_PICTURE_PX = 6;
const SEEN_AHEAD_PX = 300;

export class Strip {
  constructor(frame, onTake) {
    this.px = frame.px_per_second;
    this.onTake = onTake;
    this.step = frame.reel_step;
    // Pictures are asked for where one looks; what was passed before it came is not wanted any more.
    this.seen = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes) {
          if (isIntersecting) target.src = target.dataset.src;
          else if (!target.complete) target.removeAttribute("src");
        }
      },
      { root: scroller, rootMargin: `0px ${SEEN_AHEAD_PX}px` },
    );
    this.shots = [];
    this.clips = [];
    this.picturePx = parseFloat(getComputedStyle(strip).height) / 2 * frame.aspect;
    this.rate = 25;
    this.slots = 1;
    strip.addEventListener("click", (event) => {
      const shot = event.target.closest(".shot");
      if (shot) onTake(Number(shot.dataset.number));
    });
    strip.addEventListener("load", (event) => event.target.classList.remove("old"), { capture: true });
    document.getElementById("zoom-in").addEventListener("click", () => this.zoom(ZOOM_STEP));
    document.getElementById("zoom-out").addEventListener("click", () => this.zoom(1 / ZOOM_STEP));
  }

  // Called when there are other shots than before: more of the same elements, or fewer.
  lay(state) {
    this.shots = [...strip.querySelectorAll(".shot")];
    while (this.shots.length > state.clips.length) {
      const shot = this.shots.pop();
      this.clear(shot);
      shot.remove();
    }
    while (this.shots.length < state.clips.length) {
      const number = this.shots.length;
      const shot = this.shots[0].cloneNode(true);
      this.clear(shot);
      Object.assign(shot, { id: `shot-${number}`, tabIndex: -1 });
      shot.dataset.number = number;
      shot.setAttribute("aria-selected", "false");
      shot.querySelector(".number").textContent = number + 1;
      this.shots.push(shot);
      strip.append(shot);
    }
    this.rate = state.rate;
    this.slots = state.slots;
    this.clips = [...state.clips]; // its own: what is marked here must not change the state
    this.widen();
    state.clips.forEach((clip) => this.mark(clip));
  }

  widen() {
    const x = (slot) => Math.round((slot / this.rate) * this.px);
    this.shots.forEach((shot, number) => {
      const { first, end } = this.clips[number];
      shot.style.width = `${Math.max(2, x(end) - x(first))}px`;
    });
    track.style.width = `${x(this.slots)}px`;
    wave.style.width = `${x(this.slots)}px`;
  }

  clear(shot) {
    for (const row of shot.querySelectorAll(".theirs, .ours")) this.pictures(row, null, 0, 0);
  }

  // As many pictures as there is room for, in time: of the trailer's shot, and of what answers it.
  fill(shot, clip) {
    const width = ((clip.end - clip.first) / this.rate) * this.px;
    const room = Math.min(Math.max(1, Math.round(width / this.picturePx)), MOST_PICTURES);
    const count = width < LEAST_PICTURE_PX ? 0 : room;
    const own = { film: 0, first: clip.first, end: clip.end };
    this.pictures(shot.querySelector(".theirs"), own, count, width);
    this.pictures(shot.querySelector(".ours"), clip.match ?? (clip.kind === "title" ? own : null), count, width);
    for (const edge of ["begins", "ends"]) {
      const { kind, colour, places } = clip[edge];
      const drawn = shot.querySelector(`.edges .${edge}`);
      drawn.className = kind === "cut" ? edge : `${edge} ${kind} ${colour}`.trim();
      drawn.style.width = `${kind === "cut" ? 0 : Math.max(3, (places / this.rate) * this.px)}px`;
    }
  }

  // The same elements as before, where there are some: nothing flickers, nothing piles up.
  pictures(row, match, count, width) {
    const images = [...row.children];
    const wanted = match ? count : 0;
    while (images.length > wanted) {
      const image = images.pop();
      this.seen.unobserve(image);
      image.remove();
    }
    while (images.length < wanted) {
      const image = Object.assign(document.createElement("img"), { alt: "", decoding: "async" });
      images.push(image);
      row.append(image);
      this.seen.observe(image);
    }
    images.forEach((image, at) => {
      image.dataset.src = still(match.film, this.place(match, (at + 0.5) / count, count));
      if (image.hasAttribute("src") && image.getAttribute("src") !== image.dataset.src) {
        image.classList.add("old");
        image.src = image.dataset.src;
      }
      image.style.width = `${Math.max(1, width / count)}px`;
    });
  }

  // A frame of a stretch; of the trailer one of those that are made in one pass, if one lies in it.
  place(match, share, count) {
    if (count === 1 && match.middle !== undefined) return match.middle;
    const place = match.first + Math.floor((match.end - match.first) * share);
    if (match.film !== 0) return place;
    const made = Math.round(place / this.step) * this.step;
    return made >= match.first && made < match.end ? made : place;
  }

  zoom(factor) {
    const middle = (scroller.scrollLeft + scroller.clientWidth / 2) / this.px;
    this.px = Math.min(Math.max(this.px * factor, LEAST_PX), MOST_PX);
    this.widen();
    this.clips.forEach((clip) => this.fill(this.shots[clip.number], clip));
    scroller.scrollLeft = middle * this.px - scroller.clientWidth / 2;
    this.setPlayhead(this.at ?? 0);
  }

  // One shot as it is now.
  mark(clip, { flash = false } = {}) {
    const shot = this.shots[clip.number];
    if (!shot) return;
    this.clips[clip.number] = clip;
    shot.className = `shot ${clip.kind}${clip.locked ? " locked" : ""}${flash ? " changed" : ""}`;
    shot.setAttribute("aria-label", clip.label);
    this.fill(shot, clip);
    const marks = [];
    if (clip.locked) marks.push(["lock", ""]);
    if (clip.kind === "title") marks.push(["kind", "trailer"]);
    if (clip.kind === "black" || clip.kind === "white") marks.push(["kind", clip.kind]);
    if (clip.match?.offline) marks.push(["gone", "missing"]);
    shot.querySelector(".marks").replaceChildren(...marks.map(([kind, words]) => badge(kind, words)));
  }

  take(number, { focus = false } = {}) {
    for (const shot of strip.querySelectorAll("[aria-selected=true]")) {
      shot.setAttribute("aria-selected", "false");
      shot.tabIndex = -1;
    }
    const shot = this.shots[number];
    if (!shot) return;
    shot.setAttribute("aria-selected", "true");
    shot.tabIndex = 0;
    if (focus) shot.focus({ preventScroll: true });
    this.reveal(shot.offsetLeft, shot.offsetWidth);
  }

  partner(number) {
    for (const shot of strip.querySelectorAll(".partner")) shot.classList.remove("partner");
    if (number !== null) this.shots[number]?.classList.add("partner");
  }

  reveal(left, width) {
    const room = Math.min(scroller.clientWidth / 4, 160);
    const view = scroller.scrollLeft;
    if (left - room >= view && left + width + room <= view + scroller.clientWidth) return;
    scroller.scrollTo({
      left: left + width / 2 - scroller.clientWidth / 2,
      behavior: calm.matches ? "auto" : "smooth",
    });
  }

  setPlayhead(seconds, follow = false) {
    this.at = seconds;
    const x = seconds * this.px;
    playhead.style.transform = `translateX(${x}px)`;
    if (follow && (x < scroller.scrollLeft || x > scroller.scrollLeft + scroller.clientWidth * 0.92)) {
      scroller.scrollLeft = x - scroller.clientWidth * 0.15;
    }
  }

  setWave({ path, steps }) {
    wave.setAttribute("viewBox", `0 0 ${steps} 100`);
    wave.firstElementChild.setAttribute("d", path);
  }

  get focused() {
    return strip.contains(document.activeElement);
  }
}

function badge(kind, words) {
  const mark = document.createElement("span");
  mark.className = kind;
  if (kind === "lock") {
    mark.innerHTML = '<svg><use href="#i-lock"/></svg>';
  } else {
    mark.textContent = words;
  }
  return mark;
}
