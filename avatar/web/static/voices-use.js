/** A voice put to use: it says what is typed, or is given to a persona. */

import { inLanguage, translate } from "./i18n.js";
import { talkTo } from "./personas-desk.js";

const MARKUP = `
<h3 data-text="useTitle"></h3>
<form class="row try">
  <input type="text" class="line" maxlength="300" data-label="sayThis" data-placeholder="sayThis">
  <button type="submit" class="second" data-text="sayIt"></button>
</form>
<audio class="tried" controls hidden></audio>
<form class="row give">
  <select data-label="forPersona"></select>
  <button type="submit" class="first" data-text="useIt"></button>
  <a class="plain new-persona" data-text="newWithIt"></a>
</form>
<p class="accepted given" role="status" hidden><span></span> <a data-text="talkNow"></a></p>`;

export class VoiceUse {
  #element;
  #desk;
  #voice = null;
  #personas = [];
  #given = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    const on = (form, work) =>
      this.#find(form).addEventListener("submit", (event) => {
        event.preventDefault();
        void desk.during(this.#find(`${form} button`), work);
      });
    on(".try", () => this.#try());
    on(".give", () => this.#give());
  }

  /** @param {{id: string, languages: string[]}} voice */
  async show(voice) {
    this.clear();
    this.#voice = voice;
    this.#find(".new-persona").href = `personas#/new/with/${encodeURIComponent(voice.id)}`;
    const field = this.#find(".try input");
    field.value = this.#desk.say(`tryThis-${voice.languages[0]}`);
    field.lang = voice.languages[0] === "zh" ? "zh-CN" : "en";
    try {
      this.#personas = (await this.#desk.ask("GET", "/v1/avatar/personas")).data;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.speak();
  }

  clear() {
    this.#given = null;
    const audio = this.#find(".tried");
    audio.pause();
    URL.revokeObjectURL(audio.src);
    audio.removeAttribute("src");
    audio.hidden = true;
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#find(".tried").setAttribute("aria-label", this.#desk.say("cloneOf"));
    const chosen = this.#find("select").value;
    const options = this.#personas.map(({ id, name }) => new Option(inLanguage(name, this.#desk.language), id));
    this.#find("select").replaceChildren(...options);
    if (chosen) this.#find("select").value = chosen;
    this.#find(".give").hidden = options.length === 0;
    this.#find(".given").hidden = this.#given === null;
    if (this.#given) this.#tellGiven();
  }

  #tellGiven() {
    const name = inLanguage(this.#given.card.name, this.#desk.language);
    this.#find(".given span").textContent = this.#desk.say("givenTo", { name });
    this.#find(".given a").href = talkTo(this.#given.id);
  }

  async #try() {
    const input = this.#find(".try input").value.trim();
    if (!input) return this.#find(".try input").focus();
    const wish = { input, voice: this.#voice.id, response_format: "mp3" };
    const answer = await this.#desk.api.send("POST", "/v1/audio/speech", wish, { language: this.#desk.language });
    const audio = this.#find(".tried");
    URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(await answer.blob());
    audio.hidden = false;
    await audio.play();
  }

  async #give() {
    const path = `/v1/avatar/personas/${encodeURIComponent(this.#find("select").value)}/voice`;
    this.#given = await this.#desk.ask("POST", path, { voice: this.#voice.id });
    this.speak();
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
