/** A passage in its context: what stands before it and after it in the text, and the words that were quoted, marked. */

import { sentence, translate } from "./i18n.js";
import "./knowledge-sentences.js";
import { make } from "./view.js";

const LOCALES = { zh: "zh-CN", en: "en" };

const MARKUP = `
<header>
  <div><h2 class="work" id="passage-work"></h2><p class="place"></p></div>
  <button type="button" class="round close" data-label="close">×</button>
</header>
<div class="reading" tabindex="0"></div>
<div class="turning">
  <button type="button" class="plain earlier" data-text="earlier"></button>
  <span class="where" role="status"></span>
  <button type="button" class="plain later" data-text="later"></button>
</div>`;

export class PassageDialog {
  #dialog = make("dialog", "passage");
  #api;
  #persona = "";
  #language = "en";
  #quote = "";
  #neighbours = [null, null];

  /**
   * @param {HTMLElement} root of the page
   * @param {import("./api.js").Api} api
   */
  constructor(root, api) {
    this.#api = api;
    this.#dialog.innerHTML = MARKUP;
    this.#dialog.setAttribute("aria-labelledby", "passage-work");
    root.append(this.#dialog);
    this.#find(".close").addEventListener("click", () => this.#dialog.close());
    this.#find(".earlier").addEventListener("click", () => void this.#fetch(this.#neighbours[0]));
    this.#find(".later").addEventListener("click", () => void this.#fetch(this.#neighbours[1]));
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  /**
   * Open a passage.
   *
   * @param {string} persona whose texts it is in
   * @param {string} id
   * @param {"zh" | "en"} language of the page
   * @param {string} quote words of it to mark
   */
  async open(persona, id, language, quote = "") {
    this.#persona = persona;
    this.#language = language;
    this.#quote = quote;
    translate(this.#dialog, language);
    this.#find(".work").textContent = this.#find(".place").textContent = this.#find(".where").textContent = "";
    this.#find(".reading").replaceChildren(make("p", "beside", sentence(language, "opening")));
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#fetch(id);
  }

  async #fetch(id) {
    const path = `/v1/avatar/personas/${encodeURIComponent(this.#persona)}/knowledge/passages/${encodeURIComponent(id)}`;
    try {
      const answer = await this.#api.send("GET", path, null, { language: this.#language });
      this.#show(await answer.json());
    } catch (error) {
      const words = error.sentence || sentence(this.#language, "cannotOpen");
      this.#find(".reading").replaceChildren(make("p", "beside", words));
      this.#turn(null, null);
    }
  }

  #show(passage) {
    const { work, before, after, number, of, source } = passage;
    this.#find(".work").textContent = work;
    this.#find(".place").textContent = [passage.place, source === "note" && sentence(this.#language, "isNote")]
      .filter(Boolean)
      .join(" · ");
    this.#find(".where").textContent = sentence(this.#language, "passageOf", { number, of });
    const nodes = [];
    let place = before.length > 0 ? null : passage.place;
    for (const each of [...before, passage, ...after]) {
      if (each.place !== place && each.place) nodes.push(make("p", "elsewhere-in-text", each.place));
      place = each.place;
      nodes.push(...this.#paragraphs(each, each === passage ? "here" : "beside"));
    }
    this.#find(".reading").replaceChildren(...nodes);
    this.#turn(before.at(-1)?.id ?? null, after[0]?.id ?? null);
    this.#find(".here").scrollIntoView({ block: "center" });
  }

  #turn(earlier, later) {
    this.#neighbours = [earlier, later];
    this.#find(".earlier").disabled = earlier === null;
    this.#find(".later").disabled = later === null;
  }

  #paragraphs({ text, language }, kind) {
    return text.split("\n").map((words) => {
      const paragraph = make("p", kind);
      paragraph.lang = LOCALES[language];
      paragraph.append(...(kind === "here" ? marked(words, this.#quote) : [words]));
      return paragraph;
    });
  }

  #find(selector) {
    return this.#dialog.querySelector(selector);
  }
}

/**
 * What an answer rests on, folded away; a click opens a passage in its context.
 *
 * @param {{id: string, work: string, place: string, quote: string}[]} citations
 * @param {"zh" | "en"} language of the page
 * @param {(passage: string, quote: string) => void} open
 */
export function citationList(citations, language, open) {
  const details = make("details", "citations");
  const summary = make("summary", "", sentence(language, "citations", { count: citations.length }));
  summary.dataset.key = "citations";
  summary.dataset.count = String(citations.length);
  const list = make("ul");
  list.append(...citations.map((each) => citation(each, language, open)));
  details.append(summary, list);
  return details;
}

/** One passage: where it stands, and its words; all of it is a button. */
export function citation({ id, work, place, quote }, language, open) {
  const item = make("li");
  const button = make("button", "cited");
  const source = make("cite", "", work);
  if (place) source.append(make("span", "", place));
  button.type = "button";
  button.title = sentence(language, "openPassage");
  button.append(source, make("span", "quoted", quote));
  button.addEventListener("click", () => open(id, quote));
  item.append(button);
  return item;
}

/** Words with the part that is quoted marked, as nodes. */
function marked(words, quote) {
  const at = quote ? words.indexOf(quote) : -1;
  if (at < 0) return [words];
  return [words.slice(0, at), make("mark", "", quote), words.slice(at + quote.length)];
}
