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
      <div class="ground-place"></div>
      <p class="told" role="status" hidden></p>
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
  #ground = new GroundFields("new-ground");
  #portrait;
  #voice;
  #sketch;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    this.#portrait = new PortraitField(desk);
    this.#voice = new VoicePicker(desk);
    this.#sketch = new Sketch(desk);
    this.#find(".maker-columns").before(this.#sketch.element);
    this.#find("h3").after(this.#portrait.element);
    this.#find(".voice-place").append(this.#voice.element);
    this.#find(".ground-place").append(this.#ground.element);
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
  }

  async show() {
    this.#find("form").reset();
    this.#portrait.clear();
    this.#sketch.clear();
    this.#ground.value = null;
    this.#find(".told").hidden = true;
    this.#find(".name").focus();
    this.#voice.value = "";
    await this.#voice.load();
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
    const told = this.#find(".told");
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
      location.hash = `/${encodeURIComponent(persona.id)}/texts`;
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
