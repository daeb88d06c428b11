/** The voices there are, the visitor's own and those that come with the project, and consents that wait for a voice. */

import { inLanguage, translate } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { make } from "./view.js";

const SAMPLES = { zh: "你好，我就用这个声音同你说话。", en: "Hello. This is the voice I will speak with." };

const MARKUP = `
<section class="card own">
  <h2 data-text="ownVoices"></h2>
  <ul class="own-list"></ul>
  <p class="none" data-text="noOwnVoices" hidden></p>
  <div class="row">
    <a class="first" href="${placed("new")}" data-text="cloneVoice"></a>
    <label class="second import">
      <input type="file" class="hidden-input" accept=".voice">
      <span data-text="importVoice"></span>
    </label>
    <small data-text="importVoiceHint"></small>
  </div>
</section>
<section class="card consents" hidden>
  <h2 data-text="consentsWaiting"></h2>
  <small data-text="consentsHint"></small>
  <ul class="consent-list"></ul>
</section>
<section class="card stock">
  <h2 data-text="stockVoices"></h2>
  <small data-text="stockHint"></small>
  <div class="stock-groups"></div>
</section>`;

export class VoiceList {
  #element;
  #desk;
  #own = [];
  #consents = [];
  #stock = [];
  #audio = new Audio();
  #playing = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    const file = this.#find(".import input");
    file.addEventListener("change", () => void this.#import(file));
    for (const end of ["ended", "pause"]) this.#audio.addEventListener(end, () => this.#mark(null));
  }

  /** Fetch the lists again. */
  async show() {
    await Promise.all([this.#fetchStock(), this.#fetchOwn()]).catch((error) => this.#desk.fail(error));
    this.speak();
  }

  async #fetchStock() {
    this.#stock = (await this.#desk.ask("GET", "/v1/avatar/voices")).data;
  }

  async #fetchOwn() {
    const { data } = await this.#desk.ask("GET", "/v1/audio/voices");
    const paths = data.map(({ id }) => `/v1/avatar/voices/${encodeURIComponent(id)}`);
    this.#own = await Promise.all(paths.map((path) => this.#desk.ask("GET", path)));
    const consents = (await this.#desk.ask("GET", "/v1/audio/voice_consents")).data;
    this.#consents = consents.filter(({ avatar }) => avatar.voices.length === 0);
  }

  clear() {
    this.#audio.pause();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#find(".own-list").replaceChildren(...this.#own.map((voice) => this.#row(voice)));
    this.#find(".none").hidden = this.#own.length > 0;
    this.#find(".consent-list").replaceChildren(...this.#consents.map((consent) => this.#waiting(consent)));
    this.#find(".consents").hidden = this.#consents.length === 0;
    const groups = ["zh", "en"].map((language) => this.#group(language));
    this.#find(".stock-groups").replaceChildren(...groups.filter((group) => group !== null));
  }

  #row(voice) {
    const { language } = this.#desk;
    const name = inLanguage(voice.name, language);
    const item = make("li", "own-voice");
    const link = make("a", "own-name");
    link.href = placed("voice", voice.id);
    const spoken = voice.languages.map((each) => this.#desk.say(each === "zh" ? "chinese" : "english"));
    link.append(
      make("strong", "", name),
      make("span", "tile-facts", [spoken.join(" · "), this.#desk.say(`stage-${voice.stage}`)].join("　")),
    );
    const button = make("button", "second", this.#desk.say("listen"));
    button.type = "button";
    button.setAttribute("aria-label", this.#desk.say("listenTo", { name }));
    button.addEventListener("click", () => void this.#play(button, () => this.#desk.api.send("GET", voice.sample)));
    button.hidden = !voice.sample;
    item.append(seal(name), link, button);
    return item;
  }

  /** A consent from which nothing was made yet, or nothing any more. */
  #waiting(consent) {
    const item = make("li", "own-voice");
    const words = make("span", "own-name");
    const { ground, scope, until, status } = consent.avatar;
    const facts = { ground: this.#desk.say(`ground-${ground}`), scope: this.#desk.say(`scope-${scope}`), until };
    words.append(make("strong", "", consent.name), make("span", "tile-facts", this.#desk.say("consentFacts", facts)));
    const buttons = make("span", "row");
    if (status === "valid") {
      const go = make("a", "second", this.#desk.say("goOnCloning"));
      go.href = placed("new", consent.id);
      go.setAttribute("aria-label", `${go.textContent}: ${consent.name}`);
      buttons.append(go);
    }
    const revoke = make("button", "second delete", this.#desk.say("revoke"));
    revoke.type = "button";
    revoke.setAttribute("aria-label", `${revoke.textContent}: ${consent.name}`);
    revoke.addEventListener("click", () => void this.#desk.during(revoke, () => this.#revoke(consent)));
    buttons.append(revoke);
    item.append(seal(consent.name), words, buttons);
    return item;
  }

  async #revoke({ id, name }) {
    if (!(await this.#desk.confirm(this.#desk.say("revokeSure", { name }), this.#desk.say("revoke")))) return;
    await this.#desk.ask("DELETE", `/v1/audio/voice_consents/${encodeURIComponent(id)}`);
    this.#desk.tell(this.#desk.say("revoked"));
    await this.show();
  }

  #group(language) {
    const own = new Set(this.#own.map(({ id }) => id));
    const voices = this.#stock.filter(({ id, languages }) => languages[0] === language && !own.has(id));
    if (voices.length === 0) return null;
    const group = make("section", "stock-group");
    const list = make("ul", "stock-list");
    list.append(...voices.map((voice) => this.#chip(voice, language)));
    group.append(make("h3", "", this.#desk.say(language === "zh" ? "chinese" : "english")), list);
    return group;
  }

  #chip(voice, language) {
    const name = inLanguage(voice.name, this.#desk.language);
    const item = make("li");
    const button = make("button", "chip", name);
    button.type = "button";
    button.setAttribute("aria-label", this.#desk.say("listenTo", { name }));
    const wish = { input: SAMPLES[language], voice: voice.id, response_format: "mp3" };
    const ask = () => this.#desk.api.send("POST", "/v1/audio/speech", wish, { language: this.#desk.language });
    button.addEventListener("click", () => void this.#play(button, ask));
    item.append(button);
    return item;
  }

  /** Play what the server answers; pressed again while it sounds, stop it. */
  async #play(button, ask) {
    const same = this.#playing === button;
    this.#audio.pause();
    if (same) return;
    await this.#desk.during(button, async () => {
      const sound = await (await ask()).blob();
      URL.revokeObjectURL(this.#audio.src);
      this.#audio.src = URL.createObjectURL(sound);
      await this.#audio.play();
      this.#mark(button);
    });
  }

  #mark(button) {
    this.#playing?.removeAttribute("aria-current");
    this.#playing = button;
    button?.setAttribute("aria-current", "true");
  }

  async #import(field) {
    const [file] = field.files;
    if (!file) return;
    const form = new FormData();
    form.set("file", file);
    await this.#desk.during(field, async () => {
      const { name } = await this.#desk.ask("POST", "/v1/avatar/voices/import", form);
      this.#desk.tell(this.#desk.say("voiceImported", { name }));
      await this.show();
    });
    field.value = "";
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

/** The first sign of a name, as a picture of whoever it is. */
function seal(name) {
  const sign = make("span", "own-seal", [...name][0]);
  sign.setAttribute("aria-hidden", "true");
  return sign;
}
