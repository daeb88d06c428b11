/** The test chat: the persona answers in writing, by its card as it is at that moment, and shows what it rests on. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";
import { inLanguage, translate } from "./i18n.js";
import { citationList } from "./knowledge-passage.js";
import { make } from "./view.js";

const MARKUP = `
<header class="row"><h3 data-text="trialTitle"></h3>
  <button type="button" class="plain again" data-text="trialAgain"></button></header>
<ol class="trial-list" data-label="conversation" tabindex="0"></ol>
<p class="announcer" aria-live="polite"></p>
<form class="composer">
  <textarea rows="1" maxlength="2000" data-label="trialPlaceholder" data-placeholder="trialPlaceholder"
    enterkeyhint="send"></textarea>
  <button type="button" class="round halt" data-label="stop" hidden>■</button>
  <button type="submit" class="round send" data-label="send">↑</button>
</form>`;

export class TrialPanel {
  #element;
  #desk;
  #hooks;
  #list;
  #history = [];
  #work = null;
  #version = 0;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {{open: (passage: string, quote: string) => void, complain: (of: {question: string, answer: string}) => void}} hooks
   */
  constructor(element, desk, hooks) {
    this.#element = element;
    this.#desk = desk;
    this.#hooks = hooks;
    element.innerHTML = MARKUP;
    this.#list = this.#find(".trial-list");
    const field = this.#find("textarea");
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#ask(field.value.trim());
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#find("form").requestSubmit();
    });
    this.#find(".again").addEventListener("click", () => this.#begin());
    this.#find(".halt").addEventListener("click", () => this.#work?.abort());
  }

  show() {
    this.#version = this.#desk.persona.version;
    this.#begin();
  }

  /** From here on another card answers. */
  changed() {
    const { version } = this.#desk.persona;
    if (version === this.#version) return;
    this.#version = version;
    if (this.#history.length === 0) this.#begin();
    else this.#list.append(make("li", "mark", this.#desk.say("newCard", { version })));
    this.#scroll();
  }

  clear() {
    this.#work?.abort();
    this.#history = [];
    this.#list.replaceChildren();
  }

  speak() {
    const { language, persona } = this.#desk;
    translate(this.#element, language);
    if (persona && this.#history.length === 0) this.#begin();
    for (const node of this.#list.querySelectorAll(".who")) {
      node.textContent = node.closest(".user") ? this.#desk.say("you") : this.#desk.name;
    }
    for (const node of this.#list.querySelectorAll("[data-key]")) {
      node.textContent = this.#desk.say(node.dataset.key, node.dataset);
    }
  }

  /** Forget what was said; the greeting stands there. */
  #begin() {
    this.clear();
    const { text } = this.#message("persona");
    text.textContent = inLanguage(this.#desk.persona.card.greeting, this.#desk.language);
    this.#list.firstElementChild.classList.add("greeting");
  }

  async #ask(question) {
    if (!question || this.#work) return;
    this.#find("textarea").value = "";
    this.#message("user").text.textContent = question;
    const answer = this.#message("persona");
    answer.item.classList.add("waiting");
    this.#work = new AbortController();
    this.#busy(true);
    const messages = [...this.#history, { role: "user", content: question }];
    try {
      const body = { model: this.#desk.persona.id, stream: true, messages };
      const { signal } = this.#work;
      const { language } = this.#desk;
      const reply = await this.#desk.api.send("POST", "/v1/chat/completions", body, { language, signal });
      for await (const event of eventsOf(reply.body)) this.#take(event, answer);
      this.#finish(messages, question, answer);
    } catch (error) {
      this.#broken(error, answer);
    } finally {
      this.#work = null;
      this.#busy(false);
    }
  }

  #take(event, { item, text }) {
    if (event.error) throw new ApiError(500, event.error.message);
    item.classList.remove("waiting");
    text.textContent += event.choices[0]?.delta.content ?? "";
    const citations = event.avatar?.citations ?? [];
    if (citations.length > 0) item.append(citationList(citations, this.#desk.language, this.#hooks.open));
    this.#scroll();
  }

  /** The answer is whole: it is remembered, read out, and can be complained of. */
  #finish(messages, question, { item, text }) {
    const answer = text.textContent;
    this.#history = [...messages, { role: "assistant", content: answer }];
    this.#find(".announcer").textContent = answer;
    const complain = make("button", "plain complain", this.#desk.say("complain"));
    complain.type = "button";
    complain.dataset.text = "complain";
    complain.addEventListener("click", () => this.#hooks.complain({ question, answer }));
    item.append(complain);
    this.#scroll();
  }

  #broken(error, { item }) {
    item.classList.remove("waiting");
    const stopped = error.name === "AbortError";
    if (!stopped && !(error instanceof ApiError)) console.warn(error);
    const words = stopped ? this.#desk.say("cut") : error.sentence || this.#desk.say("problem");
    item.append(make("p", "note", words));
  }

  #busy(busy) {
    this.#find(".halt").hidden = !busy;
    this.#find(".send").hidden = busy;
  }

  #message(who) {
    const item = make("li", `message ${who}`);
    const text = make("p", "text");
    item.append(make("p", "who", who === "user" ? this.#desk.say("you") : this.#desk.name), text);
    this.#list.append(item);
    this.#scroll();
    return { item, text };
  }

  #scroll() {
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
