/** A new voice: whose it is, the consent read aloud or a ground instead, recordings of speech, and the making. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";
import { translate } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { make } from "./view.js";
import "./voices-cloning-sentences.js";
import { Recorder } from "./voices-recorder.js";
import { SampleShelf } from "./voices-samples.js";

/** A statement takes ten seconds; two of silence after it tell that it was read. */
const LIMITS = { most: 90, least: 4, silence: 2.4 };

const option = (name) => (value) => `<option value="${value}" data-text="${name}-${value}"></option>`;

const options = (name, values) => values.map(option(name)).join("");

const RELATIONS = ["self", "family", "friend", "colleague", "contract"];

const MARKUP = `
<header class="who-is">
  <a class="back" data-label="backFromCloning">‹</a>
  <div class="who-name"><h2 data-text="cloneVoice"></h2><p class="persona-facts" data-text="cloneHint"></p></div>
</header>
<form class="card person" novalidate>
  <h3 data-text="who"></h3>
  <div class="tabs living" role="group" data-label="who">
    <button type="button" data-dead="" data-text="isAlive"></button>
    <button type="button" data-dead="dead" data-text="hasDied"></button>
  </div>
  <p class="living-hint"></p>
  <label class="labelled"><span data-text="whose"></span>
    <input type="text" class="line" name="name" maxlength="64" data-placeholder="whoseExample"
      autocomplete="off"></label>
  <div class="pair">
    <label class="labelled for-living"><span data-text="relation"></span>
      <select name="relation">${options("relation", RELATIONS)}</select></label>
    <label class="labelled for-dead"><span data-text="ground"></span>
      <select name="ground">${options("ground", ["family", "estate", "public_domain"])}</select></label>
    <label class="labelled"><span data-text="scope"></span>
      <select name="scope">${options("scope", ["personal", "project", "public", "commercial"])}</select></label>
    <label class="labelled"><span data-text="spoken"></span>
      <select name="language"><option value="zh" data-text="chinese"></option>
        <option value="en" data-text="english"></option></select></label>
    <label class="labelled for-living"><span data-text="until"></span>
      <input type="date" class="line" name="until"><small data-text="untilHint"></small></label>
    <label class="labelled for-dead"><span data-text="died"></span>
      <input type="text" class="line" name="died" inputmode="numeric" maxlength="5"></label>
  </div>
  <label class="labelled for-dead"><span data-text="groundWords"></span>
    <textarea name="words" rows="2" maxlength="2000" data-placeholder="groundWordsExample"></textarea>
    <small data-text="groundWordsHint"></small></label>
  <label><input type="checkbox" name="keep" checked><span data-text="keep"></span></label>
  <p class="told problem" role="alert" hidden></p>
  <div class="row"><button type="submit" class="first"></button></div>
</form>
<section class="card consent" hidden>
  <h3 class="consent-title"></h3>
  <blockquote class="phrase"></blockquote>
  <small data-text="consentHint"></small>
  <div class="recorder-place"></div>
  <div class="row others">
    <label class="second upload-one"><input type="file" class="hidden-input" accept="audio/*,video/webm,.m4a">
      <span data-text="orUpload"></span></label>
    <button type="button" class="plain another" data-text="newPhrase"></button>
  </div>
  <p class="busy" role="status" hidden><i aria-hidden="true"></i><span data-text="hearingIt"></span></p>
  <p class="told problem" role="alert" hidden></p>
  <div class="understood" role="status"></div>
</section>
<section class="card samples" hidden></section>
<section class="card making-it" tabindex="-1" hidden>
  <h3 data-text="makingTitle"></h3>
  <div class="progress"><progress max="1" data-label="makeVoice"></progress><span class="step" role="status"></span>
    <button type="button" class="second cancel" data-text="cancel"></button></div>
</section>`;

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

const STEPS = ["reading", "checking", "cleaning", "hearing", "fitting", "sampling"];

/** Characters that the server asks of a ground's words. */
const LEAST_WORDS = 20;

export class CloningPage {
  #element;
  #desk;
  #made;
  #recorder;
  #shelf;
  #dead = false;
  #phrase = null;
  #consent = null;
  #work = null;
  #visit = 0;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(voice: {id: string}, ground: object) => void} made the voice is there; what it rests on, as far as that
   *   tells with what right the person may be portrayed, too
   */
  constructor(element, desk, made) {
    this.#element = element;
    this.#desk = desk;
    this.#made = made;
    element.innerHTML = MARKUP;
    this.#recorder = new Recorder(desk, LIMITS, (sound) => void this.#state(sound));
    this.#find(".recorder-place").append(this.#recorder.element);
    this.#shelf = new SampleShelf(this.#find(".samples"), desk, () => void this.#make());
    this.#listen();
  }

  /** Whether something would be lost by leaving. */
  get begun() {
    return this.#consent !== null;
  }

  /**
   * @param {string} consent one that was given before, to go on with; "" for a new one
   * @param {{name?: string, back?: string}} from whose voice it is, where that is known, and the address to go back to
   */
  async show(consent = "", { name = "", back = placed() } = {}) {
    this.#form.reset();
    this.#form.elements.name.value = name;
    this.#find(".back").href = back;
    this.#dead = false;
    for (const name of [".consent", ".samples", ".making-it"]) this.#find(name).hidden = true;
    this.#find(".person").hidden = false;
    this.#form.elements.language.value = this.#desk.language;
    this.#tell(".person", "");
    this.speak();
    if (name) this.#find(".living button").focus();
    else this.#form.elements.name.focus();
    if (consent) {
      const path = `/v1/audio/voice_consents/${encodeURIComponent(consent)}`;
      await this.#during(".person", () => this.#desk.ask("GET", path), (given) => this.#agreed(given));
    }
  }

  clear() {
    this.#visit += 1;
    this.#recorder.clear();
    this.#shelf.clear();
    this.#work?.abort();
    this.#phrase = this.#consent = null;
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#element.classList.toggle("dead", this.#dead);
    this.#find(".person [type=submit]").textContent = this.#desk.say(this.#dead ? "giveGround" : "showPhrase");
    this.#find(".living-hint").textContent = this.#desk.say(this.#dead ? "diedHint" : "aliveHint");
    for (const button of this.#element.querySelectorAll("[data-dead]")) {
      button.setAttribute("aria-pressed", String(Boolean(button.dataset.dead) === this.#dead));
    }
    this.#recorder.speak();
    this.#shelf.speak();
    this.#showConsent();
  }

  get #form() {
    return this.#find("form.person");
  }

  #listen() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#begin();
    });
    for (const button of this.#element.querySelectorAll("[data-dead]")) {
      button.addEventListener("click", () => {
        this.#dead = Boolean(button.dataset.dead);
        this.#tell(".person", "");
        this.speak();
      });
    }
    this.#find(".another").addEventListener("click", () => void this.#begin());
    const file = this.#find(".upload-one input");
    file.addEventListener("change", () => {
      if (file.files[0]) void this.#state(file.files[0]);
      file.value = "";
    });
    this.#find(".making-it .cancel").addEventListener("click", () => this.#work?.abort());
  }

  /** Ask for what is to be read aloud, or give the ground. */
  async #begin() {
    const { elements } = this.#form;
    const wish = { keep: elements.keep.checked };
    for (const key of ["name", "scope", "language"]) wish[key] = elements[key].value.trim();
    if (!wish.name) return this.#missing("needWhose", elements.name);
    if (this.#dead) return this.#giveGround(wish);
    wish.relation = elements.relation.value;
    if (elements.until.value) wish.until = elements.until.value;
    const ask = () => this.#desk.ask("POST", "/v1/avatar/voices/phrases", wish);
    await this.#during(".person", ask, (phrase) => {
      this.#phrase = phrase;
      this.#find(".phrase").textContent = phrase.text;
      this.#find(".phrase").lang = wish.language === "zh" ? "zh-CN" : "en";
      this.#tell(".consent", "");
      this.#showConsent();
      this.#open(".consent");
      this.#recorder.focus();
    });
  }

  async #giveGround(wish) {
    const { elements } = this.#form;
    const died = Number(elements.died.value.trim());
    const year = elements.died.value.trim() !== "" && Number.isInteger(died) && died <= new Date().getFullYear();
    if (!year) return this.#missing("needDied", elements.died);
    const count = [...elements.words.value.trim()].length;
    if (count < LEAST_WORDS) return this.#missing("needGroundWords", elements.words, { count });
    const ground = { ...wish, died, ground: elements.ground.value, words: elements.words.value };
    const ask = () => this.#desk.ask("POST", "/v1/avatar/voices/grounds", ground);
    await this.#during(".person", ask, (given) => this.#agreed(given));
  }

  /** Send the statement, and show what was understood. */
  async #state(recording) {
    const form = new FormData();
    form.set("name", this.#form.elements.name.value.trim());
    form.set("language", this.#form.elements.language.value);
    form.set("phrase", this.#phrase.id);
    form.set("recording", recording, recording.name ?? "consent.wav");
    const busy = this.#find(".consent .busy");
    busy.hidden = false;
    this.#recorder.disabled = true;
    const ask = () => this.#desk.ask("POST", "/v1/audio/voice_consents", form);
    await this.#during(".consent", ask, (given) => this.#agreed(given));
    busy.hidden = true;
    this.#recorder.disabled = false;
  }

  /** Whose voice it is stands in the consent now, so the form goes. */
  #agreed(consent) {
    this.#consent = consent;
    this.#find(".person").hidden = true;
    this.#find(".consent").hidden = false;
    this.#showConsent();
    this.#open(".samples");
    this.#shelf.show(consent.id, consent.avatar.ground === "statement", consent.language);
  }

  #showConsent() {
    const place = this.#find(".understood");
    place.replaceChildren();
    const given = this.#consent !== null;
    for (const name of [".recorder-place", ".consent .others", ".consent small"]) this.#find(name).hidden = given;
    this.#find(".phrase").hidden = this.#phrase === null;
    this.#find(".consent-title").textContent = given ? this.#consent.name : this.#desk.say("consentStep");
    if (!given) return;
    const { ground, scope, heard, until, words_found: count } = this.#consent.avatar;
    const facts = { ground: this.#desk.say(`ground-${ground}`), scope: this.#desk.say(`scope-${scope}`), until };
    const good = this.#desk.say(heard ? "consentGood" : "groundGood", { count });
    if (heard) place.append(make("p", "heard", this.#desk.say("understood") + heard));
    place.append(make("p", "accepted", `${good} ${this.#desk.say("consentFacts", facts)}`));
  }

  /** Make the voice, and go to it; closing the connection cancels it. */
  async #make() {
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.#shelf.disabled = true;
    this.#open(".making-it");
    this.#find(".making-it").focus({ preventScroll: true });
    this.#step("reading", 0);
    try {
      const voice = await this.#follow(signal);
      const ground = this.#ground();
      this.#consent = null;
      this.#made(voice, ground);
    } catch (error) {
      if (signal.aborted) this.#desk.tell(this.#desk.say("cancelled"));
      else this.#shelf.tell(this.#words(error));
    } finally {
      this.#find(".making-it").hidden = true;
      this.#shelf.disabled = false;
    }
  }

  /** What a persona's ground may begin with: who agreed and when, or what was written of somebody who has died. */
  #ground() {
    const { name, created_at: at, avatar } = this.#consent;
    if (avatar.ground !== "statement") return { kind: "historical", basis: this.#form.elements.words.value.trim() };
    return { kind: "consent", person: name, given: new Date(at * 1000).toISOString().slice(0, 10) };
  }

  async #follow(signal) {
    const form = this.#shelf.form();
    form.set("name", this.#consent.name);
    form.set("consent", this.#consent.id);
    const { language, api } = this.#desk;
    const headers = { Accept: "text/event-stream" };
    const answer = await api.send("POST", "/v1/audio/voices", form, { language, signal, headers });
    for await (const event of eventsOf(answer.body)) {
      if (event.error) throw new ApiError(answer.status, event.error.message, event.error.code);
      if (event.type === "voice.done") return event.voice;
      this.#step(event.step, event.share);
    }
    throw new ApiError(answer.status);
  }

  #step(step, share) {
    if (!STEPS.includes(step)) return;
    this.#find(".making-it progress").value = (STEPS.indexOf(step) + share) / STEPS.length;
    this.#find(".making-it .step").textContent = this.#desk.say(`clone-step-${step}`);
  }

  // how it is told

  /** Ask for something while a card waits; what goes wrong is told in it, and who has left takes nothing. */
  async #during(card, ask, take) {
    const visit = this.#visit;
    this.#tell(card, "");
    this.#element.setAttribute("aria-busy", "true");
    try {
      const answer = await ask();
      if (visit === this.#visit) take(answer);
    } catch (error) {
      if (visit === this.#visit) this.#tell(card, this.#words(error));
    } finally {
      this.#element.removeAttribute("aria-busy");
    }
  }

  #words(error) {
    if (!(error instanceof ApiError)) console.warn(error);
    return error.sentence || this.#desk.say(error.status === 401 ? "keyNeeded" : "problem");
  }

  #missing(key, field, values) {
    this.#tell(".person", this.#desk.say(key, values));
    field.focus();
  }

  #tell(card, text) {
    const told = this.#find(`${card} .problem`);
    told.textContent = text;
    told.hidden = text === "";
  }

  #open(card) {
    const found = this.#find(card);
    found.hidden = false;
    found.scrollIntoView({ behavior: STILL.matches ? "auto" : "smooth", block: "nearest" });
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
