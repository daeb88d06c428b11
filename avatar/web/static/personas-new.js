/** A persona made from nothing: a photograph, a name, who it is, a voice; or one sentence, and the studio writes the rest. */

import { translate } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { GroundFields } from "./personas-ground.js";
import { PortraitField } from "./personas-portrait.js";
import { Sketch } from "./personas-sketch.js";
import { VoicePicker } from "./personas-voice.js";

const MARKUP = `
<form class="maker" novalidate>
  <header class="who-is">
    <a class="back" href="${placed()}" data-label="back">‹</a>
    <div class="who-name"><h2 data-text="newPersona"></h2><p class="persona-facts" data-text="newHint"></p></div>
  </header>
  <div class="maker-columns">
    <article class="card maker-face">
      <h3 data-text="portrait"></h3>
      <small data-text="portraitLater"></small>
    </article>
    <article class="card maker-words">
      <label class="labelled"><span data-text="personaName"></span>
        <input type="text" class="line name" maxlength="200" data-placeholder="nameExample" required></label>
      <label class="labelled"><span data-text="about"></span>
        <textarea class="about" rows="5" maxlength="4000" data-placeholder="aboutExample" required></textarea></label>
      <label class="labelled"><span data-text="manner"></span>
        <textarea class="manner" rows="2" maxlength="4000" data-placeholder="mannerExample"></textarea></label>
      <label class="labelled"><span data-text="greeting"></span>
        <input type="text" class="line greeting" maxlength="1000" data-placeholder="greetingExample"></label>
      <div class="labelled voice-place"><span data-text="voice"></span></div>
      <p class="voice-made" role="status" data-text="voiceMade" hidden></p>
      <div class="ground-place"></div>
      <p class="told missing" role="alert" hidden></p>
      <div class="row">
        <button type="submit" class="first" data-text="makePersona"></button>
        <small data-text="thenTexts"></small>
      </div>
    </article>
  </div>
</form>`;

export class MakingPage {
  #element;
  #desk;
  #made;
  #ground;
  #portrait;
  #voice;
  #sketch;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(persona: object) => void} made it is there
   */
  constructor(element, desk, made) {
    this.#element = element;
    this.#desk = desk;
    this.#made = made;
    element.innerHTML = MARKUP;
    this.#ground = new GroundFields("new-ground", desk);
    this.#portrait = new PortraitField(desk);
    this.#voice = new VoicePicker(desk);
    this.#sketch = new Sketch(desk);
    this.#find(".maker-columns").after(this.#sketch.element);
    this.#find("h3").after(this.#portrait.element);
    this.#find(".voice-place").append(this.#voice.element);
    this.#find(".ground-place").append(this.#ground.element);
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
  }

  /** Whether something was written that is not a persona yet. */
  get begun() {
    return this.name !== "" || this.#text("about") !== "" || this.#portrait.wish !== null;
  }

  /** What it is to be called. */
  get name() {
    return this.#text("name");
  }

  /** Show it as it was left: who makes a voice meanwhile, or looks at another persona, finds again what was written. */
  async show() {
    this.#find(".missing").hidden = true;
    if (!this.begun) this.#find(".name").focus();
    await this.#voice.load(placed("new", "voice"));
  }

  /** Take a voice that was made for it, and with what right, if that is known; what was written already stays. */
  take(voice, ground) {
    this.#voice.value = voice;
    if (ground && this.#ground.value === null) this.#ground.value = ground;
    this.#find(".voice-made").hidden = false;
    this.#voice.focus();
  }

  #clear() {
    this.#find("form").reset();
    this.#portrait.clear();
    this.#sketch.clear();
    this.#ground.value = null;
    this.#voice.value = "";
    this.#find(".voice-made").hidden = true;
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#portrait.speak();
    this.#sketch.speak();
    this.#voice.draw();
  }

  /** What is missing: its sentence and its field; null if nothing is. */
  #missing() {
    if (!this.#text("name")) return ["needName", this.#find(".name")];
    if (!this.#text("about")) return ["needAbout", this.#find(".about")];
    if (!this.#ground.value) return ["needGroundHere", this.#ground];
    return null;
  }

  async #make() {
    const missing = this.#missing();
    const told = this.#find(".missing");
    told.hidden = missing === null;
    if (missing) {
      told.textContent = this.#desk.say(missing[0]);
      missing[1].focus();
      return;
    }
    await this.#desk.during(this.#find("[type=submit]"), async () => {
      const wish = { name: this.#text("name"), about: this.#text("about"), ground: this.#ground.value };
      for (const key of ["manner", "greeting"]) if (this.#text(key)) wish[key] = this.#text(key);
      if (this.#voice.value) wish.voice = this.#voice.value;
      const persona = await this.#desk.ask("POST", "/v1/avatar/personas", wish);
      await this.#usePortrait(persona.id);
      this.#clear();
      this.#made(persona);
    });
  }

  /** The persona is there already: a portrait that fails is told, and can be given on its card. */
  async #usePortrait(id) {
    const { wish } = this.#portrait;
    if (!wish) return;
    try {
      await this.#desk.ask("POST", this.#desk.path("/portrait", id), wish);
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  #text(name) {
    return this.#find(`.${name}`).value.trim();
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
