/** A choice of voice that can be listened to, and the way to one of one's own. */

import { inLanguage, sentence } from "./i18n.js";
import { make } from "./view.js";

const SAMPLES = { zh: "你好，我就用这个声音同你说话。", en: "Hello. This is the voice I will speak with." };

export class VoicePicker {
  #desk;
  #select = make("select", "voice");
  #listen = make("button", "second listen");
  #own = make("a", "plain own-voice", "");
  #audio = new Audio();
  #voices = [];
  #cloned = new Set();
  #value = "";

  /**
   * @param {import("./personas-desk.js").Desk} desk
   * @param {() => void} chosen another voice was chosen
   */
  constructor(desk, chosen = () => undefined) {
    this.#desk = desk;
    this.element = make("span", "voice-picker");
    this.#listen.type = "button";
    this.#listen.dataset.text = "listen";
    this.#select.dataset.label = "voice";
    this.#own.dataset.text = "ownVoice";
    this.#own.hidden = true;
    this.element.append(this.#select, this.#listen, this.#own);
    this.#listen.addEventListener("click", () => void this.#play());
    this.#select.addEventListener("change", () => {
      this.#value = this.#select.value;
      this.#audio.pause();
      chosen();
    });
  }

  /** What was chosen, or stands there as long as nothing was. */
  get value() {
    return this.#value || this.#select.value;
  }

  set value(id) {
    this.#value = id;
    this.draw();
  }

  /**
   * Fetch the voices again: one may have been cloned meanwhile.
   *
   * @param {string} cloning the address at which one is made of recordings
   */
  async load(cloning) {
    this.#own.href = cloning;
    try {
      this.#voices = (await this.#desk.ask("GET", "/v1/avatar/voices")).data;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.draw();
    void this.#findOwn();
  }

  /** Where a keyboard goes: to what is chosen now, to be heard. */
  focus() {
    this.#listen.focus();
  }

  /** Which of them are one's own; a server that makes none has no such list. */
  async #findOwn() {
    try {
      const { data } = await this.#desk.ask("GET", "/v1/audio/voices");
      this.#cloned = new Set(data.map(({ id }) => id));
      this.#own.hidden = false;
    } catch (error) {
      this.#own.hidden = error.status === 404;
    }
    if (this.#cloned.size > 0) this.draw();
  }

  /**
   * List them: one's own, then by language, the page's first; one that the card names and the server does not know stays.
   * Where none was chosen yet, it is the first stock voice in the page's language.
   */
  draw() {
    const { language } = this.#desk;
    const own = this.#voices.filter(({ id }) => this.#cloned.has(id));
    const stock = this.#voices.filter(({ id }) => !this.#cloned.has(id));
    const groups = [group(sentence(language, "voicesOwnOf"), own, language)];
    for (const each of language === "zh" ? ["zh", "en"] : ["en", "zh"]) {
      const voices = stock.filter(({ languages }) => languages[0] === each);
      groups.push(group(sentence(language, each === "zh" ? "voicesZhOf" : "voicesEnOf"), voices, language));
    }
    const known = this.#voices.some(({ id }) => id === this.#value);
    const other = known || !this.#value ? [] : [new Option(this.#value, this.#value)];
    this.#select.replaceChildren(...other, ...groups.filter(({ children }) => children.length > 0));
    const first = stock.find(({ languages }) => languages[0] === language) ?? stock[0];
    this.#select.value = this.#value || (first?.id ?? "");
  }

  async #play() {
    const voice = this.#voices.find(({ id }) => id === this.value);
    const language = voice?.languages.includes(this.#desk.language) ? this.#desk.language : (voice?.languages[0] ?? "zh");
    const wish = { input: SAMPLES[language], voice: this.value, response_format: "mp3" };
    await this.#desk.during(this.#listen, async () => {
      const answer = await this.#desk.api.send("POST", "/v1/audio/speech", wish, { language: this.#desk.language });
      URL.revokeObjectURL(this.#audio.src);
      this.#audio.src = URL.createObjectURL(await answer.blob());
      await this.#audio.play();
    });
  }
}

function group(label, voices, language) {
  const found = document.createElement("optgroup");
  found.label = label;
  found.append(...voices.map(({ id, name }) => new Option(inLanguage(name, language), id)));
  return found;
}
