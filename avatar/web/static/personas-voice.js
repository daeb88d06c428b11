/** A choice of voice that can be listened to. */

import { inLanguage, sentence } from "./i18n.js";
import { make } from "./view.js";

const SAMPLES = { zh: "你好，我就用这个声音同你说话。", en: "Hello. This is the voice I will speak with." };

export class VoicePicker {
  #desk;
  #select = make("select", "voice");
  #listen = make("button", "second listen");
  #audio = new Audio();
  #voices = [];
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
    this.element.append(this.#select, this.#listen);
    this.#listen.addEventListener("click", () => void this.#play());
    this.#select.addEventListener("change", () => {
      this.#value = this.#select.value;
      this.#audio.pause();
      chosen();
    });
  }

  get value() {
    return this.#value;
  }

  set value(id) {
    this.#value = id;
    this.draw();
  }

  /** Fetch the voices again: one may have been cloned meanwhile. */
  async load() {
    try {
      this.#voices = (await this.#desk.ask("GET", "/v1/avatar/voices")).data;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.draw();
  }

  /** List them, by language; one that the card names and the server does not know stays in the list. */
  draw() {
    const { language } = this.#desk;
    const known = this.#voices.some(({ id }) => id === this.#value);
    const groups = ["zh", "en"].map((each) => {
      const group = document.createElement("optgroup");
      group.label = sentence(language, each === "zh" ? "voicesZhOf" : "voicesEnOf");
      const own = this.#voices.filter(({ languages }) => languages[0] === each);
      group.append(...own.map(({ id, name }) => new Option(inLanguage(name, language), id)));
      return group;
    });
    const other = known || !this.#value ? [] : [new Option(this.#value, this.#value)];
    this.#select.replaceChildren(...other, ...groups.filter(({ children }) => children.length > 0));
    if (!this.#value) this.#value = this.#select.value;
    this.#select.value = this.#value;
  }

  async #play() {
    const voice = this.#voices.find(({ id }) => id === this.#value);
    const language = voice?.languages.includes(this.#desk.language) ? this.#desk.language : (voice?.languages[0] ?? "zh");
    const wish = { input: SAMPLES[language], voice: this.#value, response_format: "mp3" };
    await this.#desk.during(this.#listen, async () => {
      const answer = await this.#desk.api.send("POST", "/v1/audio/speech", wish, { language: this.#desk.language });
      URL.revokeObjectURL(this.#audio.src);
      this.#audio.src = URL.createObjectURL(await answer.blob());
      await this.#audio.play();
    });
  }
}
