/** One of the visitor's own voices: beside the person's own sound, fitted more closely, used, taken along, deleted. */

import { inLanguage, translate } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { make } from "./view.js";
import { VoiceEdit } from "./voices-edit.js";
import { draw } from "./voices-picture.js";
import { VoiceUse } from "./voices-use.js";

const POLL_MS = 1_500;
const OPEN = ["waiting", "running"];

const SCORES = { nearest: "scoreNearest", instant: "scoreInstant", fitted: "scoreFitted" };

const side = (name) => `
  <figure class="side ${name}" hidden>
    <figcaption><strong data-text="${name === "original" ? "originalVoice" : "cloneOf"}"></strong>
      <span class="pitch"></span></figcaption>
    <canvas width="640" height="200" role="img"></canvas>
    <audio controls></audio>
  </figure>`;

const MARKUP = `
<header class="who-is">
  <a class="back" href="${placed()}" data-label="backToVoices">‹</a>
  <div class="who-name"><h2 class="voice-name"></h2><p class="persona-facts voice-facts"></p></div>
</header>
<section class="card compare">
  <h3 data-text="sideBySide"></h3>
  <div class="sides">${side("original")}${side("clone")}</div>
  <p class="none no-original" data-text="noOriginal" hidden></p>
  <p class="both-say"></p>
  <small data-text="pictureHint"></small>
  <p class="score"></p>
  <small class="likeness"></small>
</section>
<section class="card use"></section>
<section class="card edit"></section>
<section class="card fit">
  <h3 data-text="fitting"></h3>
  <small data-text="fittingHint"></small>
  <div class="progress" hidden><progress max="1" data-label="fitting"></progress><span class="step"></span>
    <button type="button" class="second cancel" data-text="cancelFitting"></button></div>
  <p class="told fit-told" role="status" hidden></p>
  <button type="button" class="second start" data-text="startFitting" hidden></button>
</section>
<section class="card manage">
  <h3 data-text="manage"></h3>
  <p class="consent-facts"></p>
  <form class="row rename">
    <input type="text" class="line" maxlength="64" data-label="newName">
    <button type="submit" class="second" data-text="saveName"></button>
  </form>
  <div class="row">
    <button type="button" class="second export" data-text="exportVoice"></button>
    <button type="button" class="second delete" data-text="deleteVoice"></button>
    <button type="button" class="second delete revoke" data-text="revoke"></button>
  </div>
</section>`;

export class VoicePanel {
  #element;
  #desk;
  #voice = null;
  #consent = null;
  #timer = 0;
  #visit = 0;
  #revision = 0;
  #use;
  #edit;
  #pitches = {};

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    this.#use = new VoiceUse(this.#find(".use"), desk);
    this.#edit = new VoiceEdit(this.#find(".edit"), desk);
    const on = (selector, work) => {
      const button = this.#find(selector);
      button.addEventListener("click", () => void desk.during(button, work));
    };
    this.#find(".start").addEventListener("click", () => this.#start());
    on(".fit .cancel", () => this.#fit("DELETE"));
    on(".export", () => this.#export());
    on(".delete:not(.revoke)", () => this.#delete());
    on(".revoke", () => this.#revoke());
    this.#find(".rename").addEventListener("submit", (event) => {
      event.preventDefault();
      void desk.during(this.#find(".rename button"), () => this.#rename());
    });
    for (const audio of element.querySelectorAll("audio")) {
      audio.addEventListener("play", () => this.#hush(audio));
    }
  }

  /**
   * @param {string} id
   * @param {string} fresh "new" where it was made just now: then it is fitted at once
   */
  async show(id, fresh = "") {
    const visit = this.#visit;
    try {
      const voice = await this.#desk.ask("GET", `/v1/avatar/voices/${encodeURIComponent(id)}`);
      const consent = await this.#desk.ask("GET", `/v1/audio/voice_consents/${voice.consent}`);
      if (visit !== this.#visit) return;
      this.#voice = voice;
      this.#consent = consent;
    } catch (error) {
      if (visit !== this.#visit) return;
      this.#desk.fail(error);
      location.hash = "/";
      return;
    }
    this.#find(".rename input").value = this.#name;
    this.speak();
    void this.#sounds();
    void this.#use.show(this.#voice);
    void this.#edit.show(this.#voice);
    if (fresh === "new") history.replaceState(null, "", placed("voice", id));
    if (fresh === "new" && this.#voice.fitting.status === "none") this.#start();
    else if (OPEN.includes(this.#voice.fitting.status)) this.#poll();
  }

  clear() {
    this.#visit += 1;
    clearTimeout(this.#timer);
    this.#voice = null;
    this.#revision = 0;
    this.#pitches = {};
    this.#use.clear();
    this.#edit.clear();
    this.#hush(null);
  }

  speak() {
    translate(this.#element, this.#desk.language);
    if (!this.#voice) return;
    const { language } = this.#desk;
    const voice = this.#voice;
    this.#find(".voice-name").textContent = this.#name;
    const spoken = voice.languages.map((each) => this.#desk.say(each === "zh" ? "chinese" : "english"));
    this.#find(".voice-facts").textContent = [spoken.join(" · "), this.#desk.say(`stage-${voice.stage}`)].join("　");
    this.#use.speak();
    this.#edit.speak();
    const said = this.#find(".both-say");
    said.textContent = voice.original && voice.sample_text ? this.#desk.say("bothSay") + voice.sample_text : "";
    this.#nameSounds();
    const { ground, scope, until } = this.#consent.avatar;
    const facts = { ground: this.#desk.say(`ground-${ground}`), scope: this.#desk.say(`scope-${scope}`), until };
    const words = [this.#desk.say(ground === "statement" ? "consentOf" : "ground"), this.#desk.say("consentFacts", facts)];
    this.#find(".consent-facts").textContent = words.join(language === "zh" ? "：" : ": ");
    this.#showScore();
    this.#showFitting();
  }

  #nameSounds() {
    for (const name of ["original", "clone"]) {
      const label = this.#desk.say(name === "original" ? "originalVoice" : "cloneOf");
      this.#find(`.${name} canvas`).setAttribute("aria-label", this.#desk.say("pictureOf", { name: label }));
      this.#find(`.${name} audio`).setAttribute("aria-label", label);
      const hertz = Math.round(this.#pitches[name] ?? 0);
      this.#find(`.${name} .pitch`).textContent = hertz > 0 ? this.#desk.say("pitchAbout", { hertz }) : "";
    }
  }

  get #name() {
    return inLanguage(this.#voice.name, this.#desk.language);
  }

  get #path() {
    return `/v1/avatar/voices/${encodeURIComponent(this.#voice.id)}`;
  }

  /** Fetch both sounds where they changed, and draw them. */
  async #sounds() {
    const { original, sample, revision } = this.#voice;
    if (revision === this.#revision) return;
    this.#revision = revision;
    const visit = this.#visit;
    this.#find(".no-original").hidden = original !== null;
    for (const [name, path] of Object.entries({ original, clone: sample })) {
      const figure = this.#find(`.${name}`);
      figure.hidden = path === null;
      if (path === null) continue;
      try {
        const sound = await (await this.#desk.api.send("GET", path, null, { language: this.#desk.language })).blob();
        if (visit !== this.#visit) return;
        const audio = figure.querySelector("audio");
        URL.revokeObjectURL(audio.src);
        audio.src = URL.createObjectURL(sound);
        this.#pitches[name] = await draw(figure.querySelector("canvas"), await sound.arrayBuffer());
      } catch (error) {
        if (visit === this.#visit) this.#desk.fail(error);
      }
    }
    if (visit === this.#visit) this.#nameSounds();
  }

  /** Of two sounds only one is heard. */
  #hush(but) {
    for (const audio of this.#element.querySelectorAll("audio")) if (audio !== but) audio.pause();
  }

  #showScore() {
    const { stage, made, scores } = this.#voice;
    const kept = made.includes("kept_start") || this.#voice.fitting.status === "kept";
    const score = stage === "instant" && kept ? "scoreKept" : SCORES[stage];
    this.#find(".score").textContent = this.#desk.say(score);
    const to = scores.similarity?.toFixed(2);
    const from = scores.similarity_before?.toFixed(2);
    const rose = from !== undefined && scores.similarity > scores.similarity_before;
    this.#find(".likeness").textContent = to ? this.#desk.say(rose ? "similar" : "similarNow", { from, to }) : "";
  }

  // the fitting

  async #fit(method) {
    const visit = this.#visit;
    const fitting = await this.#desk.ask(method, `${this.#path}/fitting`);
    if (visit === this.#visit) this.#took(fitting);
  }

  /** Fit what was made just now; the voice is shown meanwhile. */
  #start() {
    const button = this.#find(".start");
    void this.#desk.during(button, () => this.#fit("POST"));
  }

  #took(fitting) {
    this.#voice.fitting = fitting;
    this.#showFitting();
    if (OPEN.includes(fitting.status)) this.#poll();
  }

  #poll() {
    clearTimeout(this.#timer);
    const visit = this.#visit;
    this.#timer = setTimeout(async () => {
      try {
        const fitting = await this.#desk.ask("GET", `${this.#path}/fitting`);
        if (visit !== this.#visit) return;
        this.#took(fitting);
        if (!OPEN.includes(fitting.status)) await this.#again(visit, fitting);
      } catch (error) {
        if (visit === this.#visit) this.#desk.fail(error);
      }
    }, POLL_MS);
  }

  /** The voice as it is after the fitting. */
  async #again(visit, fitting) {
    const voice = await this.#desk.ask("GET", this.#path);
    if (visit !== this.#visit) return;
    this.#voice = { ...voice, fitting };
    this.speak();
    await this.#sounds();
  }

  #showFitting() {
    const { fitting, stage } = this.#voice;
    const open = OPEN.includes(fitting.status);
    const told = this.#find(".fit-told");
    const percent = Math.round((fitting.share ?? 0) * 100);
    const words = fitting.status === "none" ? "" : this.#desk.say(`fitting-${fitting.status}`, { percent });
    this.#find(".fit .progress").hidden = !open;
    this.#find(".fit progress").value = fitting.share ?? 0;
    this.#find(".fit .step").textContent = open ? words : "";
    told.hidden = open || words === "";
    told.textContent = fitting.error?.message ?? words;
    this.#find(".start").hidden = open || fitting.status === "done" || stage === "fitted";
  }

  // what is done with it

  async #rename() {
    const name = this.#find(".rename input").value.trim();
    const { fitting } = this.#voice;
    this.#voice = { ...(await this.#desk.ask("POST", this.#path, { name })), fitting };
    this.#find(".rename input").value = this.#name;
    this.speak();
  }

  async #export() {
    const answer = await this.#desk.api.send("GET", `${this.#path}/export`, null, { language: this.#desk.language });
    const link = make("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${this.#voice.id}.voice`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), POLL_MS);
  }

  async #delete() {
    const name = this.#name;
    if (!(await this.#desk.confirm(this.#desk.say("deleteSure", { name }), this.#desk.say("deleteVoice")))) return;
    await this.#desk.ask("DELETE", `/v1/audio/voices/${encodeURIComponent(this.#voice.id)}`);
    this.#desk.tell(this.#desk.say("deleted", { name }));
    location.hash = "/";
  }

  async #revoke() {
    const { id, name } = this.#consent;
    if (!(await this.#desk.confirm(this.#desk.say("revokeSure", { name }), this.#desk.say("revoke")))) return;
    await this.#desk.ask("DELETE", `/v1/audio/voice_consents/${id}`);
    this.#desk.tell(this.#desk.say("revoked"));
    location.hash = "/";
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
