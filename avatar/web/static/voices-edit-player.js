/** A recording before and after an edit, one above the other, heard in turn at the same place. */

import { translate } from "./i18n.js";
import { make } from "./view.js";
import { decoded, drawWave } from "./voices-wave.js";

/** Seconds that are heard before and after a change when it is listened to by itself. */
const AROUND_S = 0.8;

/** Seconds that an arrow key moves by. */
const KEY_S = 0.25;

const LANES = ["before", "after"];

const lane = (name) => `
<figure class="lane ${name}">
  <figcaption><strong data-text="${name}"></strong><span class="made-mark" hidden></span><span class="time"></span></figcaption>
  <button type="button" class="round play"></button>
  <div class="wave" role="slider" tabindex="0" aria-valuemin="0"><canvas height="128" aria-hidden="true"></canvas>
    <i class="head" aria-hidden="true"></i></div>
  <audio hidden></audio>
</figure>`;

const MARKUP = `
<h4 data-text="editCompare"></h4>
${LANES.map(lane).join("")}
<div class="row">
  <div class="tabs" role="group" data-label="editWhichSide">
    ${LANES.map((name) => `<button type="button" class="to-${name}" data-side="${name}" data-text="${name}"></button>`).join("")}
  </div>
  <small data-text="editSwitchHint"></small>
</div>
<ul class="edit-parts"></ul>
<p class="mark-told"></p>
<div class="row"><a class="first download" data-text="editDownload"></a></div>`;

export class BeforeAfter {
  #element;
  #desk;
  #audios = {};
  #parts = [];
  #side = "after";
  #until = Infinity;
  #frame = 0;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    for (const name of LANES) {
      this.#audios[name] = this.#find(`.${name} audio`);
      const wave = this.#find(`.${name} .wave`);
      this.#find(`.${name} .play`).addEventListener("click", () => this.#press(name));
      this.#find(`.to-${name}`).addEventListener("click", () => this.#switch(name));
      wave.addEventListener("pointerdown", (event) => this.#pointed(name, event));
      wave.addEventListener("keydown", (event) => this.#keyed(name, event));
      for (const end of ["play", "pause", "ended", "seeked"]) {
        this.#audios[name].addEventListener(end, () => this.#moved());
      }
    }
  }

  /**
   * @param {Blob} before
   * @param {Blob} after
   * @param {{parts: object[]}} edit as the server tells it
   * @param {string} name of the file to be downloaded
   */
  async show(before, after, edit, name) {
    this.clear();
    this.#parts = edit.parts;
    this.#side = "after";
    for (const [side, file] of [["before", before], ["after", after]]) {
      this.#audios[side].src = URL.createObjectURL(file);
    }
    const link = this.#find(".download");
    link.href = this.#audios.after.src;
    link.download = name;
    this.#element.hidden = false;
    this.speak();
    this.#element.focus({ preventScroll: true });
    this.#element.scrollIntoView({ block: "nearest" });
    await this.#draw(before, after);
    this.#seek("after", Math.max(0, this.#parts[0].start - AROUND_S));
  }

  clear() {
    cancelAnimationFrame(this.#frame);
    for (const audio of Object.values(this.#audios)) {
      audio.pause();
      URL.revokeObjectURL(audio.src);
      audio.removeAttribute("src");
    }
    this.#parts = [];
    this.#element.hidden = true;
  }

  pause() {
    for (const audio of Object.values(this.#audios)) audio.pause();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    if (this.#parts.length === 0) return;
    const made = this.#parts.some((part) => part.made);
    const mark = this.#find(".after .made-mark");
    mark.textContent = this.#desk.say("generated");
    mark.hidden = !made;
    this.#find(".mark-told").textContent = this.#desk.say(made ? "editMarked" : "editNotMade");
    this.#find(".edit-parts").replaceChildren(...this.#parts.map((part) => this.#change(part)));
    for (const name of LANES) this.#find(`.${name} .wave`).setAttribute("aria-label", this.#desk.say(`${name}Place`));
    this.#moved();
  }

  /** One change: what it was, and a button by which it is heard. */
  #change(part) {
    const item = make("li");
    const key = !part.new ? "editOut" : part.old ? "editFor" : "editIn";
    const words = this.#desk.say(key, { old: part.old, new: part.new, start: part.start.toFixed(1) });
    const button = make("button", "second hear", this.#desk.say("editHear"));
    button.type = "button";
    button.setAttribute("aria-label", `${button.textContent}: ${words}`);
    button.addEventListener("click", () => this.#hear(part));
    item.append(button, make("span", "", words));
    const { understood: found, words: total } = part;
    if (found < total) item.append(make("strong", "missed", this.#desk.say("editMissed", { found, total })));
    return item;
  }

  /** Both waves on one scale of time, and what changed in each. */
  async #draw(before, after) {
    try {
      const sounds = await Promise.all([before, after].map(decoded));
      const longest = Math.max(...sounds.map(({ duration }) => duration));
      const spans = [this.#parts.map((each) => [each.old_start, each.old_end]), this.#parts.map((each) => [each.start, each.end])];
      for (const [i, name] of LANES.entries()) {
        const wave = this.#find(`.${name} .wave`);
        wave.style.width = `${(100 * sounds[i].duration) / longest}%`;
        wave.setAttribute("aria-valuemax", sounds[i].duration.toFixed(2));
        wave.dataset.seconds = sounds[i].duration;
        drawWave(wave.querySelector("canvas"), sounds[i], spans[i], sounds[i].duration / longest);
      }
    } catch (error) {
      console.warn(error);
      this.#desk.tell(this.#desk.say("editNotShown"), "bad");
    }
  }

  // what sounds

  #press(name) {
    if (this.#audios[name].paused) this.#play(name);
    else this.#audios[name].pause();
  }

  #play(name, until = Infinity) {
    this.#choose(name);
    this.#audios[this.#other].pause();
    this.#until = until;
    void this.#audios[name].play();
    cancelAnimationFrame(this.#frame);
    this.#watch();
  }

  /** Go over to the other side at the same place; what sounded goes on there. */
  #switch(name) {
    if (name === this.#side) return;
    const [from, to] = [this.#audios[this.#side], this.#audios[name]];
    const sounds = !from.paused;
    const until = this.#until < Infinity ? this.#same(this.#until, name) : Infinity;
    to.currentTime = this.#same(from.currentTime, name);
    from.pause();
    this.#choose(name);
    if (sounds) this.#play(name, until);
  }

  #hear(part) {
    const [start, end] = this.#side === "after" ? [part.start, part.end] : [part.old_start, part.old_end];
    this.#audios[this.#side].currentTime = Math.max(0, start - AROUND_S);
    this.#play(this.#side, end + AROUND_S);
  }

  #watch() {
    const audio = this.#audios[this.#side];
    if (audio.currentTime >= this.#until) audio.pause();
    this.#moved();
    if (!audio.paused) this.#frame = requestAnimationFrame(() => this.#watch());
  }

  /** The side that is not heard. */
  get #other() {
    return this.#side === "after" ? "before" : "after";
  }

  #choose(name) {
    this.#side = name;
    this.#moved();
  }

  #seek(name, time) {
    this.#choose(name);
    this.#until = Infinity;
    this.#audios[this.#other].pause();
    this.#audios[name].currentTime = Math.max(0, time);
    this.#moved();
  }

  #pointed(name, event) {
    const wave = event.currentTarget;
    const { left, width } = wave.getBoundingClientRect();
    this.#seek(name, ((event.clientX - left) / width) * Number(wave.dataset.seconds));
  }

  #keyed(name, event) {
    const now = this.#audios[name].currentTime;
    const length = Number(event.currentTarget.dataset.seconds);
    const steps = { ArrowLeft: now - KEY_S, ArrowRight: now + KEY_S, Home: 0, End: length };
    if (event.key in steps) this.#seek(name, Math.min(length, steps[event.key]));
    else if (event.key === " " || event.key === "Enter") this.#press(name);
    else return;
    event.preventDefault();
  }

  /** The place on one side, in seconds, that a time on the side that is heard has there. */
  #same(time, name) {
    const [from, to] = name === "after" ? [["old_start", "old_end"], ["start", "end"]] : [["start", "end"], ["old_start", "old_end"]];
    let moved = 0;
    for (const part of this.#parts) {
      if (time < part[from[0]]) break;
      const [length, other] = [part[from[1]] - part[from[0]], part[to[1]] - part[to[0]]];
      if (time < part[from[1]]) return part[to[0]] + ((time - part[from[0]]) / length) * other;
      moved = part[to[1]] - part[from[1]];
    }
    return time + moved;
  }

  /** Show the place in both waves, and which side is heard. */
  #moved() {
    const now = this.#audios[this.#side].currentTime;
    for (const name of LANES) {
      const time = name === this.#side ? now : this.#same(now, name);
      const wave = this.#find(`.${name} .wave`);
      const seconds = Number(wave.dataset.seconds) || 1;
      wave.querySelector(".head").style.left = `${Math.min(100, (100 * time) / seconds)}%`;
      wave.setAttribute("aria-valuenow", time.toFixed(2));
      wave.setAttribute("aria-valuetext", this.#desk.say("editAt", { time: time.toFixed(1), of: seconds.toFixed(1) }));
      this.#find(`.${name} .time`).textContent = `${time.toFixed(1)} / ${seconds.toFixed(1)} s`;
      this.#find(`.${name}`).classList.toggle("chosen", name === this.#side);
      this.#find(`.to-${name}`).setAttribute("aria-pressed", String(name === this.#side));
      const plays = !this.#audios[name].paused;
      const button = this.#find(`.${name} .play`);
      button.classList.toggle("plays", plays);
      const label = this.#desk.say(plays ? "editPause" : `${name}Play`);
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
