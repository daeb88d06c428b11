/** What every part of the Personas page shares: the server, the language, and how something is told or asked. */

import { ApiError } from "./api.js";
import { inLanguage, keys, sentence } from "./i18n.js";
import { make } from "./view.js";

/** How long a message stays, in milliseconds. */
const TOAST_STAYS = 9_000;

/** The address of a place on this page; Gradio gives its pages another base, so a bare "#…" would lead elsewhere. */
export function placed(...parts) {
  return `${location.pathname}#${parts.map((part) => `/${encodeURIComponent(part)}`).join("")}`;
}

/** The address at which a persona is talked to. */
export function talkTo(id) {
  return `./?persona=${encodeURIComponent(id)}`;
}

export class Desk {
  #view;

  /**
   * @param {ReturnType<import("./personas-view.js").build>} view
   * @param {import("./api.js").Api} api
   */
  constructor(view, api) {
    this.#view = view;
    this.api = api;
    this.language = "en";
    /** The persona in the workshop, as the server last gave it; null in the gallery. */
    this.persona = null;
    /** The id of the persona that was made last on this page. */
    this.made = "";
  }

  say(key, values) {
    return sentence(this.language, key, values);
  }

  /** The same, where there is such a sentence; else undefined. */
  says(key) {
    return keys(this.language).includes(key) ? this.say(key) : undefined;
  }

  /** What the persona in the workshop is called. */
  get name() {
    return inLanguage(this.persona.card.name, this.language);
  }

  /** The address of something of the persona in the workshop. */
  path(rest = "", id = this.persona.id) {
    return `/v1/avatar/personas/${encodeURIComponent(id)}${rest}`;
  }

  /** Ask the server for something, and take its answer as JSON. */
  async ask(method, path, body = null, options = {}) {
    const answer = await this.api.send(method, path, body, { language: this.language, ...options });
    return answer.status === 204 ? null : answer.json();
  }

  /** Say what went wrong, in the server's words where it gave any. */
  fail(error) {
    const key = error instanceof ApiError && error.status === 401 ? "keyNeeded" : "problem";
    if (!(error instanceof ApiError)) console.warn(error);
    this.tell(error.sentence || this.say(key), "bad");
  }

  /** Say something, for a moment. */
  tell(text, kind = "good") {
    const toast = make("div", `toast ${kind}`);
    const close = make("button", "", "×");
    close.type = "button";
    close.setAttribute("aria-label", this.say("close"));
    close.addEventListener("click", () => toast.remove());
    toast.append(make("p", "", text), close);
    this.#view.toasts.replaceChildren(...[...this.#view.toasts.children].slice(-2), toast);
    setTimeout(() => toast.remove(), TOAST_STAYS);
  }

  /** Ask before something that cannot be undone. */
  confirm(text, yes) {
    const { asking, askingText, yes: button } = this.#view;
    askingText.textContent = text;
    button.textContent = yes;
    asking.returnValue = "no";
    asking.showModal();
    return new Promise((resolve) => {
      asking.addEventListener("close", () => resolve(asking.returnValue === "yes"), { once: true });
    });
  }

  /** Do something while a button waits; what goes wrong is told. True where it went well. */
  async during(button, work) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await work();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }
}
