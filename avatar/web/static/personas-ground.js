/** With what right somebody is portrayed: one made up, one who has died, or a living one who agreed. */

import { translate } from "./i18n.js";
import { make } from "./view.js";

const KINDS = ["fictional", "historical", "consent"];

const kind = (value, name) =>
  `<label><input type="radio" name="${name}" value="${value}"><span data-text="ground-${value}"></span></label>`;

/** The fields, as part of a form. `value` is what the server takes; null while something is missing. */
export class GroundFields {
  #element;
  #desk;

  /**
   * @param {string} name of the radio buttons, unlike any other on the page
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(name, desk) {
    this.#desk = desk;
    this.#element = make("fieldset", "ground");
    this.#element.innerHTML = `
      <legend data-text="groundOf"></legend>
      ${KINDS.map((each) => kind(each, name)).join("")}
      <input type="text" class="line basis" maxlength="1000" data-label="basis" data-placeholder="basis">
      <span class="agreed row" hidden>
        <input type="text" class="line person" maxlength="200" data-label="agreedBy" data-placeholder="agreedBy">
        <input type="date" class="line given" data-label="agreedOn">
      </span>
      <small data-text="groundWhy"></small>`;
    this.#find(".given").value = new Date().toISOString().slice(0, 10);
    this.#showKind();
    this.#element.addEventListener("change", () => this.#showKind());
  }

  get element() {
    return this.#element;
  }

  get value() {
    const chosen = this.#element.querySelector("input[type=radio]:checked")?.value;
    const basis = this.#find(".basis").value.trim();
    if (!chosen || !basis) return null;
    if (chosen !== "consent") return { kind: chosen, basis };
    const person = this.#find(".person").value.trim();
    const given = this.#find(".given").value;
    return person && given ? { kind: chosen, basis, person, given } : null;
  }

  /** What a card has, or an empty one. */
  set value(ground) {
    for (const radio of this.#element.querySelectorAll("input[type=radio]")) radio.checked = radio.value === ground?.kind;
    this.#find(".basis").value = ground?.basis ?? "";
    this.#find(".person").value = ground?.person ?? "";
    if (ground?.given) this.#find(".given").value = ground.given;
    this.#showKind();
  }

  /** Where the first thing is missing. */
  focus() {
    const chosen = this.#element.querySelector("input[type=radio]:checked");
    (chosen ? this.#find(".basis") : this.#element.querySelector("input")).focus();
  }

  /** What the chosen kind asks for; until one is chosen there is nothing to write. */
  #showKind() {
    const kind = this.#element.querySelector("input[type=radio]:checked")?.value;
    this.#find(".agreed").hidden = kind !== "consent";
    const basis = this.#find(".basis");
    basis.hidden = kind === undefined;
    basis.dataset.placeholder = kind === undefined ? "basis" : `basis-${kind}`;
    basis.placeholder = this.#desk.say(basis.dataset.placeholder);
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

/** The same, asked for by itself. */
export class GroundDialog {
  #dialog = make("dialog", "asking");
  #fields;
  #desk;

  constructor(root, desk) {
    this.#desk = desk;
    this.#fields = new GroundFields("import-ground", desk);
    this.#dialog.innerHTML = `
      <form method="dialog">
        <p data-text="groundMissing"></p>
        <div class="row">
          <button value="yes" class="first" data-text="goOn"></button>
          <button value="no" class="second" data-text="no" formnovalidate></button>
        </div>
      </form>`;
    this.#dialog.querySelector("p").after(this.#fields.element);
    root.append(this.#dialog);
  }

  speak() {
    translate(this.#dialog, this.#desk.language);
    this.#dialog.setAttribute("aria-label", this.#desk.say("groundOf"));
  }

  /** What the visitor says; null where they leave it. */
  ask() {
    this.#dialog.returnValue = "no";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener(
        "close",
        () => {
          const value = this.#dialog.returnValue === "yes" ? this.#fields.value : null;
          if (this.#dialog.returnValue === "yes" && !value) this.#desk.tell(this.#desk.say("needGroundHere"), "bad");
          resolve(value);
        },
        { once: true },
      );
    });
  }
}
