/**
 * The Voices page: which voices there are, a new one from recordings of somebody who agreed, and each of one's own.
 *
 * The address tells what is open, so that the browser's own buttons work: nothing, `#/new`, `#/new/<consent>` (one that
 * was given before) or `#/voice/<id>`.
 */

import { Api } from "./api.js";
import { firstLanguage, sentence, translate } from "./i18n.js";
import { remember } from "./memory.js";
import { Desk, placed } from "./personas-desk.js";
import { CloningPage } from "./voices-clone.js";
import { VoiceList } from "./voices-list.js";
import { VoicePanel } from "./voices-one.js";
import { build } from "./voices-view.js";

const PLACES = { new: "cloning", voice: "voice" };

class VoicesPage {
  #view;
  #desk;
  #parts;
  /** As in the address; null before the first. */
  #place = null;
  #leave = new AbortController();

  constructor(element, options) {
    this.#view = build(element);
    this.#desk = new Desk(this.#view, options.api ?? new Api());
    this.#parts = {
      home: new VoiceList(this.#view.home, this.#desk),
      cloning: new CloningPage(this.#view.cloning, this.#desk, ({ id }) => {
        location.hash = `/voice/${encodeURIComponent(id)}/new`;
      }),
      voice: new VoicePanel(this.#view.voice, this.#desk),
    };
    const { signal } = this.#leave;
    addEventListener("hashchange", () => void this.#route(), { signal });
    addEventListener("beforeunload", (event) => this.#parts.cloning.begun && event.preventDefault(), { signal });
    for (const button of this.#view.languages) {
      button.addEventListener("click", () => {
        remember("language", button.dataset.language);
        this.#speak(button.dataset.language);
      });
    }
    this.#speak(firstLanguage(options.language));
  }

  async start() {
    await this.#route();
  }

  close() {
    this.#leave.abort();
    for (const part of Object.values(this.#parts)) part.clear();
  }

  /** Show what the address names: a list and a voice when they are there, the form for a new one at once. */
  async #route() {
    const [open = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    const place = [open, ...rest].join("/");
    if (place === this.#place) return;
    if (this.#place?.startsWith("new") && !(await this.#mayLeave())) return;
    this.#place = place;
    for (const part of Object.values(this.#parts)) part.clear();
    const name = PLACES[open] ?? "home";
    for (const each of Object.keys(this.#parts)) this.#view[each].hidden = each !== name || name !== "cloning";
    this.#view.waiting.hidden = name === "cloning";
    await this.#parts[name].show(...rest);
    if (this.#place !== place) return;
    this.#view.waiting.hidden = true;
    this.#view[name].hidden = false;
  }

  /** A clone that was begun is not dropped unasked. */
  async #mayLeave() {
    if (!this.#parts.cloning.begun) return true;
    const drop = await this.#desk.confirm(this.#desk.say("leaveCloning"), this.#desk.say("leave"));
    if (!drop) history.replaceState(null, "", placed(...this.#place.split("/")));
    return drop;
  }

  #speak(language) {
    this.#desk.language = language;
    translate(this.#view.root, language);
    document.documentElement.lang = this.#view.root.lang;
    document.title = sentence(language, "voicesTitle");
    for (const button of this.#view.languages) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    for (const part of Object.values(this.#parts)) part.speak();
  }
}

/**
 * Put the page into an element.
 *
 * @param {HTMLElement} element
 * @param {{language?: "zh" | "en", api?: Api}} options
 */
export async function mount(element, options = {}) {
  const page = new VoicesPage(element, options);
  await page.start();
  return page;
}
