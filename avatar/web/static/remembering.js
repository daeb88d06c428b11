/**
 * What the persona may remember of this user: asked for here, off until then, and shown, corrected and deleted here.
 *
 * The user is a token that this browser makes up when it is first wished, and never before. It is kept here and goes to
 * the server only in a header, or on the socket.
 */

import { inLanguage, sentence, translate } from "./i18n.js";
import { recall, remember } from "./memory.js";
import "./remembering-sentences.js";
import { make } from "./view.js";

const USER = "user";

const TOKEN_BYTES = 24;

const MARKUP = `
<header>
  <h2 id="remembering-title" data-text="remember"></h2>
  <button type="button" class="round close" data-label="close">×</button>
</header>
<label class="wish"><input type="checkbox"><span class="what"></span></label>
<ul class="facts"></ul>
<p class="told" role="status"></p>
<button type="button" class="plain all" data-text="rememberAll" hidden></button>`;

/** The token of this browser's user; null while nobody wished to be remembered. */
export function knownUser() {
  return recall(USER);
}

export class Remembering {
  #dialog = make("dialog", "remembering");
  #api;
  #onUser;
  #persona = null;
  #language = "en";
  #facts = [];

  /**
   * @param {HTMLElement} root of the page
   * @param {HTMLButtonElement} button that opens it
   * @param {import("./api.js").Api} api
   * @param {(user: string) => void} onUser told when the user is known for the first time
   */
  constructor(root, button, api, onUser) {
    this.#api = api;
    this.#onUser = onUser;
    this.#dialog.innerHTML = MARKUP;
    this.#dialog.setAttribute("aria-labelledby", "remembering-title");
    root.append(this.#dialog);
    button.addEventListener("click", () => void this.#open());
    this.#find(".close").addEventListener("click", () => this.#dialog.close());
    this.#find(".all").addEventListener("click", () => void this.#ask("DELETE"));
    this.#find("input").addEventListener("change", ({ target }) => void this.#wish(target.checked));
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  /** Whose memories they are, and in which language they are spoken of. */
  about(persona, language) {
    this.#persona = persona;
    this.#language = language;
    translate(this.#dialog, language);
    this.#find(".what").textContent = sentence(language, "rememberWhat", { name: inLanguage(persona?.name, language) });
  }

  async #open() {
    if (this.#persona === null) return;
    this.#show({ remember: false, data: [] });
    this.#dialog.showModal();
    if (knownUser() !== null) await this.#ask("GET");
  }

  async #wish(wanted) {
    const first = wanted && knownUser() === null;
    if (first) remember(USER, newToken());
    await this.#ask("PUT", { remember: wanted });
    if (first) this.#onUser(knownUser());
  }

  /** Ask for the memories, perhaps changed, and show them. */
  async #ask(method, body = null, fact = "") {
    const path = `/v1/avatar/memories/${encodeURIComponent(this.#persona.id)}${fact && `/${encodeURIComponent(fact)}`}`;
    const options = { language: this.#language, headers: { "Avatar-User": knownUser() } };
    try {
      const answer = await this.#api.send(method, path, body, options);
      if (answer.status === 204) await this.#ask("GET");
      else this.#show(await answer.json());
    } catch (error) {
      if (method !== "GET") await this.#ask("GET");
      this.#find(".told").textContent = error.sentence || sentence(this.#language, "rememberFailed");
    }
  }

  #show({ remember: wanted, data }) {
    this.#facts = data;
    this.#find("input").checked = wanted;
    this.#find(".facts").replaceChildren(...data.map((fact) => this.#row(fact)));
    this.#find(".told").textContent = wanted && data.length === 0 ? sentence(this.#language, "rememberNone") : "";
    this.#find(".all").hidden = !wanted && data.length === 0;
  }

  #row({ id, text }) {
    const row = make("li");
    const field = make("input");
    const forget = make("button", "round", "×");
    field.value = text;
    field.maxLength = 120;
    field.setAttribute("aria-label", sentence(this.#language, "rememberText"));
    field.addEventListener("change", () => {
      const data = this.#facts.map((fact) => (fact.id === id ? { id, text: field.value.trim() || text } : fact));
      void this.#ask("PUT", { data });
    });
    forget.type = "button";
    forget.setAttribute("aria-label", sentence(this.#language, "rememberForget"));
    forget.addEventListener("click", () => void this.#ask("DELETE", null, id));
    row.append(field, forget);
    return row;
  }

  #find(selector) {
    return this.#dialog.querySelector(selector);
  }
}

/** At random, in the alphabet of base64url. */
function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
