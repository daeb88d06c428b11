/** The card, in plain words: what a persona is called, who it is, how it speaks, and what it never does. */

import { translate } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { Examples } from "./personas-examples.js";
import { GroundFields } from "./personas-ground.js";
import { PortraitField } from "./personas-portrait.js";
import { VoicePicker } from "./personas-voice.js";

const ORDERS = { zh: ["zh"], en: ["en"], "zh-en": ["zh", "en"], "en-zh": ["en", "zh"] };

/** Texts that stand in both languages, and how many lines each is given. */
const TEXTS = { biography: 6, manner: 4, limits: 4, greeting: 2 };

const FURTHER = { identity: 2, closing: 2, topic: 2 };

const text = ([key, rows]) => `
  <label class="labelled"><span data-text="${key}"></span>
    <textarea rows="${rows}" maxlength="4000" data-field="${key}"></textarea><small data-text="${key}Why"></small></label>`;

const MARKUP = `
<form class="card-form" novalidate>
  <div class="card-top">
    <div class="portrait-place"></div>
    <div class="card-basics">
      <label class="labelled"><span data-text="personaName"></span>
        <input type="text" class="line" maxlength="200" data-field="name"></label>
      <label class="labelled"><span data-text="speaksIn"></span>
        <select class="order">${Object.keys(ORDERS).map((each) => `<option value="${each}" data-text="order-${each}"></option>`).join("")}</select></label>
      <div class="labelled voice-place"><span data-text="voice"></span></div>
    </div>
  </div>
  <div class="row wording">
    <span data-text="wordingIn"></span>
    <div class="tabs" role="group" data-label="wordingIn">
      <button type="button" data-wording="zh" lang="zh-CN">中文</button>
      <button type="button" data-wording="en" lang="en">English</button>
    </div>
  </div>
  ${Object.entries(TEXTS).map(text).join("")}
  <div class="examples-place"></div>
  <details class="further">
    <summary data-text="further"></summary>
    ${Object.entries(FURTHER).map(text).join("")}
    <div class="ground-place"></div>
  </details>
  <div class="save-bar" hidden>
    <span role="status" data-text="unsaved"></span>
    <button type="submit" class="first" data-text="save"></button>
    <button type="button" class="second drop-changes" data-text="dropChanges"></button>
  </div>
</form>`;

export class CardPanel {
  #element;
  #desk;
  #changed;
  #portrait;
  #voice;
  #examples;
  #ground;
  #card = null;
  #etag = "";
  #wording = "zh";
  /** Whether there is something that was not saved. */
  dirty = false;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(persona: object) => void} changed
   */
  constructor(element, desk, changed) {
    this.#element = element;
    this.#desk = desk;
    this.#changed = changed;
    element.innerHTML = MARKUP;
    this.#ground = new GroundFields("card-ground", desk);
    this.#portrait = new PortraitField(desk, () => this.#usePortrait());
    this.#voice = new VoicePicker(desk, () => this.#touch());
    this.#examples = new Examples(desk, () => this.#touch());
    this.#find(".portrait-place").append(this.#portrait.element);
    this.#find(".voice-place").append(this.#voice.element);
    this.#find(".examples-place").append(this.#examples.element);
    this.#find(".ground-place").append(this.#ground.element);
    this.#listen();
  }

  show() {
    void this.#voice.load(placed(this.#desk.persona.id, "voice"));
    this.#wording = this.#desk.persona.card.languages.includes(this.#desk.language)
      ? this.#desk.language
      : this.#desk.persona.card.languages[0];
    this.#take();
  }

  /** Take a voice that was made for it; it is saved with the card. */
  take(voice) {
    void this.#voice.load(placed(this.#desk.persona.id, "voice"));
    this.#voice.value = voice;
    this.#touch();
    this.#voice.focus();
  }

  /** The card was changed elsewhere, in the studio or among the versions. */
  changed() {
    if (this.#desk.persona.etag !== this.#etag) this.#take();
  }

  clear() {
    this.#card = null;
    this.#touch(false);
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#voice.draw();
    this.#portrait.speak();
    this.#examples.speak();
  }

  #listen() {
    const form = this.#find("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    form.addEventListener("input", (event) => this.#onInput(event));
    this.#find(".order").addEventListener("change", () => this.#touch());
    this.#find(".drop-changes").addEventListener("click", () => void this.#drop());
    for (const button of this.#element.querySelectorAll("[data-wording]")) {
      button.addEventListener("click", () => {
        this.#wording = button.dataset.wording;
        this.#fill();
      });
    }
  }

  #onInput({ target }) {
    if (target.type === "file") return;
    const { field } = target.dataset;
    if (field) this.#card[field][this.#wording] = target.value;
    this.#touch();
  }

  #touch(dirty = true) {
    this.dirty = dirty;
    this.#find(".save-bar").hidden = !dirty;
  }

  /** The card as the server has it. */
  #take() {
    const { card, etag, portrait } = this.#desk.persona;
    this.#card = structuredClone(card);
    this.#etag = etag;
    this.#find(".order").value = card.languages.join("-");
    this.#voice.value = card.voice;
    const { kind, basis, consent } = card.ground;
    this.#ground.value = { kind, basis: basis[this.#desk.language], ...consent };
    void this.#portrait.show(portrait);
    this.#fill();
    this.#touch(false);
  }

  /** The texts of the language that is worded now. */
  #fill() {
    for (const field of this.#element.querySelectorAll("[data-field]")) {
      field.value = this.#card[field.dataset.field][this.#wording];
      field.lang = this.#wording === "zh" ? "zh-CN" : "en";
    }
    for (const button of this.#element.querySelectorAll("[data-wording]")) {
      button.setAttribute("aria-pressed", String(button.dataset.wording === this.#wording));
    }
    this.#examples.show(this.#card.examples, this.#wording);
  }

  #whole() {
    const card = { ...this.#card, languages: ORDERS[this.#find(".order").value], voice: this.#voice.value };
    card.examples = this.#examples.value;
    const ground = this.#ground.value;
    if (ground) {
      const { kind, basis, person, given } = ground;
      const before = this.#card.ground;
      const words = basis === before.basis[this.#desk.language] ? before.basis : { zh: basis, en: basis };
      card.ground = { ...before, kind, basis: words, consent: person ? { person, given } : undefined };
    }
    return card;
  }

  async #save() {
    await this.#desk.during(this.#find("[type=submit]"), async () => {
      const body = { card: this.#whole(), etag: this.#etag };
      const persona = await this.#desk.ask("PUT", this.#desk.path(), body);
      this.#touch(false);
      this.#etag = "";
      this.#changed(persona);
      this.#desk.tell(this.#desk.say("saved", persona));
    });
  }

  /** Back to the card as the server has it now: somebody else may have changed it. */
  async #drop() {
    await this.#desk.during(this.#find(".drop-changes"), async () => {
      const persona = await this.#desk.ask("GET", this.#desk.path());
      this.#etag = "";
      this.#changed(persona);
    });
  }

  async #usePortrait() {
    try {
      const persona = await this.#desk.ask("POST", this.#desk.path("/portrait"), this.#portrait.wish);
      this.#card.portrait = persona.card.portrait;
      this.#etag = persona.etag;
      this.#changed(persona);
      this.#desk.tell(this.#desk.say("portraitUsed"));
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
