/** The choice of a persona: small portraits, one of them chosen (WAI-ARIA radio group). */

import { inLanguage } from "./i18n.js";
import { make } from "./view.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class PersonaPicker {
  #element;
  #onChoice;
  #choices = new Map();

  /**
   * @param {HTMLElement} element
   * @param {(id: string) => void} onChoice
   */
  constructor(element, onChoice) {
    this.#element = element;
    this.#onChoice = onChoice;
    element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /**
   * @param {{id: string, name: string | {zh?: string, en?: string}}[]} personas
   * @param {(id: string) => Promise<string>} portrait the address of a persona's picture
   */
  show(personas, portrait) {
    this.#element.hidden = personas.length < 2;
    this.#choices = new Map(personas.map((persona) => [persona.id, this.#choice(persona, portrait)]));
    this.#element.replaceChildren(...[...this.#choices.values()].map(({ button }) => button));
  }

  /** Mark one as chosen. */
  choose(id) {
    for (const [each, { button }] of this.#choices) {
      button.setAttribute("aria-checked", String(each === id));
      button.tabIndex = each === id ? 0 : -1;
    }
  }

  /** Put the names into a language. */
  speak(language) {
    for (const { persona, name } of this.#choices.values()) name.textContent = inLanguage(persona.name, language);
  }

  #choice(persona, portrait) {
    const button = make("button", "choice");
    const picture = make("img");
    const name = make("span");
    button.type = "button";
    button.setAttribute("role", "radio");
    picture.alt = "";
    portrait(persona.id).then((address) => { picture.src = address; }, () => picture.remove());
    button.append(picture, name);
    button.addEventListener("click", () => this.#onChoice(persona.id));
    return { persona, button, name };
  }

  #onKey(event) {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const ids = [...this.#choices.keys()];
    const at = ids.findIndex((id) => this.#choices.get(id).button === document.activeElement);
    const next = ids[(at + step + ids.length) % ids.length];
    this.#choices.get(next).button.focus();
    this.#onChoice(next);
  }
}
