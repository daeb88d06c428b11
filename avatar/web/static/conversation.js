/** The conversation as it is read: what was said, by whom, how far it has been heard, and what it rests on. */

import { Captions } from "./captions.js";
import { sentence } from "./i18n.js";
import { citationList } from "./knowledge-passage.js";
import { make } from "./view.js";

const LOCALES = { zh: "zh-CN", en: "en" };

export class Conversation {
  #list;
  #announcer;
  #language;
  #open;
  #name = "";
  #replies = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} announcer read out by screen readers: each message once, when it is whole
   * @param {"zh" | "en"} language
   * @param {(passage: string, quote: string) => void} open a passage that was cited is to be opened
   */
  constructor(list, announcer, language, open = () => undefined) {
    this.#list = list;
    this.#announcer = announcer;
    this.#language = language;
    this.#open = open;
  }

  /** Begin again, with another persona. */
  clear(name) {
    this.#name = name;
    this.#replies.clear();
    this.#list.replaceChildren();
  }

  /** Change the language of everything but what was said. */
  speak(language, name) {
    this.#language = language;
    this.#name = name;
    this.#list.querySelectorAll(".who").forEach((node) => {
      node.textContent = node.closest(".user") ? sentence(language, "you") : name;
    });
    this.#list.querySelectorAll("[data-key]").forEach((node) => {
      node.textContent = sentence(language, node.dataset.key, { count: node.dataset.count });
    });
  }

  /** What the persona says by itself, without sound. */
  greet(text, language) {
    const { message, heard } = this.#message("persona", language);
    message.classList.add("greeting");
    heard.textContent = text;
  }

  /** What the user said. Without words, that nothing was made out. */
  said(text) {
    const { message, heard } = this.#message("user");
    heard.textContent = text;
    if (!text) this.#note(message, "nothingHeard");
    this.#announcer.textContent = text;
  }

  /** A reply begins. Its message is shown with its first words. */
  begin(id, language) {
    this.#replies.set(id, { language, captions: new Captions(), shown: -1, citations: [], message: null });
  }

  /** The next words of a reply, and the microseconds of its sound received before them. */
  add(id, words, at) {
    const reply = this.#replies.get(id);
    if (reply === undefined) return;
    reply.captions.push(words, at);
    if (reply.message === null) this.#show(reply);
  }

  /** What a reply rests on. */
  cite(id, citations) {
    const reply = this.#replies.get(id);
    if (reply === undefined) return;
    reply.citations = citations;
    if (reply.message !== null) this.#showCitations(reply);
  }

  /**
   * Show how far a reply has been heard.
   *
   * @param {string} id
   * @param {{heard: number, received: number} | null} progress in microseconds; null where it is over
   */
  follow(id, progress) {
    const reply = this.#replies.get(id);
    if (!reply?.message || reply.finished) return;
    const { captions } = reply;
    if (progress !== null) captions.received(progress.received);
    const count = progress === null ? captions.text.length : captions.heard(progress.heard);
    const shown = `${count}/${captions.text.length}`;
    if (reply.shown === shown) return;
    reply.shown = shown;
    reply.count = count;
    reply.heard.textContent = captions.text.slice(0, count);
    reply.coming.textContent = captions.text.slice(count);
    this.#keepInView();
  }

  /** A reply was heard to its end, or broken off where it is. */
  finish(id, status) {
    const reply = this.#replies.get(id);
    if (status === "failed" && reply?.message === null) this.#show(reply);
    if (!reply?.message || reply.finished) return;
    if (status === "completed") this.follow(id, null);
    else this.#cut(reply, status === "failed" ? "failed" : "cut");
    reply.finished = true;
    this.#announcer.textContent = reply.heard.textContent;
  }

  /** A greeting that was only to be read gives way to the first reply, which says it. */
  #show(reply) {
    if (this.#list.children.length === 1) this.#list.querySelector(".greeting")?.remove();
    Object.assign(reply, this.#message("persona", reply.language));
    this.#showCitations(reply);
  }

  /** Leave out what was not heard. */
  #cut(reply, note) {
    reply.coming.textContent = "";
    this.#note(reply.message, note);
  }

  #message(who, language = this.#language) {
    const message = make("li", `message ${who}`);
    const text = make("p", "text");
    const heard = make("span", "heard");
    const coming = make("span", "coming");
    const name = who === "user" ? sentence(this.#language, "you") : this.#name;
    text.lang = LOCALES[language];
    text.append(heard, coming);
    message.append(make("p", "who", name), text);
    this.#list.append(message);
    message.scrollIntoView({ block: "end" });
    return { message, heard, coming };
  }

  #note(message, key) {
    const note = make("p", "note", sentence(this.#language, key));
    note.dataset.key = key;
    message.querySelector(".text").after(note);
  }

  #showCitations({ message, citations, language }) {
    message.querySelector(".citations")?.remove();
    if (citations.length === 0) return;
    const details = citationList(citations, this.#language, this.#open);
    details.lastElementChild.lang = LOCALES[language];
    details.addEventListener("toggle", () => details.open && message.scrollIntoView({ block: "nearest" }));
    message.append(details);
    this.#keepInView();
  }

  /** Keep the end in view, unless the reader has scrolled away from it. */
  #keepInView() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    if (scrollHeight - scrollTop - clientHeight < 160) this.#list.scrollTop = scrollHeight;
  }
}
