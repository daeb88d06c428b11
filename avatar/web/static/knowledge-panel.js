/** What a persona may quote: documents are added, listed, searched and taken away; passages open in their context. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";
import { translate } from "./i18n.js";
import { citation } from "./knowledge-passage.js";
import { Uploads } from "./knowledge-upload.js";
import { talkTo } from "./personas-desk.js";
import { make } from "./view.js";

/** Milliseconds between two looks at how far the embedding is. */
const LOOK_EVERY = 1_500;

/** Milliseconds after the last key before a search is made. */
const TYPING = 350;

const ENDINGS = ".txt,.text,.md,.markdown,.html,.htm,.xhtml,.pdf,.docx,.epub,.srt,.vtt";

const MARKUP = `
<p class="just-made" role="status" hidden></p>
<label class="drop small-drop">
  <input type="file" class="hidden-input files" multiple accept="${ENDINGS}" data-label="dropTexts">
  <strong data-text="dropTexts"></strong>
  <small data-text="dropTextsHint"></small>
</label>
<label class="plain folder-label">
  <input type="file" class="hidden-input folder" webkitdirectory data-label="wholeFolder">
  <span data-text="wholeFolder"></span>
</label>
<ul class="uploads"></ul>
<div class="just-added" hidden><p role="status"></p><a class="first" data-text="goTalk"></a></div>
<div class="meaning" hidden>
  <progress max="1" data-label="byMeaning"></progress>
  <span class="step"></span>
  <button type="button" class="plain embedding"></button>
</div>
<ul class="texts" data-label="textsList"></ul>
<form class="search" role="search">
  <h3 data-text="searchTitle"></h3>
  <div class="row"><input type="search" class="line" maxlength="500" data-label="searchWhat" data-placeholder="searchWhat">
    <button type="submit" class="second" data-text="search"></button></div>
</form>
<ol class="finds citations" data-label="finds"></ol>
<p class="no-finds" role="status" hidden></p>`;

export class KnowledgePanel {
  #element;
  #desk;
  #open;
  #uploads;
  #state = null;
  #looking = 0;
  #typing = 0;
  #asked = "";

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(passage: string, quote: string) => void} open
   */
  constructor(element, desk, open) {
    this.#element = element;
    this.#desk = desk;
    this.#open = open;
    element.innerHTML = MARKUP;
    this.#uploads = new Uploads(this.#find(".uploads"), desk, (text) => this.#added(text));
    this.#listen();
  }

  show() {
    this.#find(".just-added a").href = talkTo(this.#desk.persona.id);
    this.#drawMade();
    void this.#look();
  }

  opened() {
    if (this.#state) void this.#look();
  }

  clear() {
    clearTimeout(this.#looking);
    clearTimeout(this.#typing);
    this.#state = null;
    this.#asked = "";
    this.#uploads.clear();
    this.#find(".search").reset();
    this.#find(".finds").replaceChildren();
    for (const told of [".no-finds", ".just-added", ".just-made"]) this.#find(told).hidden = true;
    this.#find(".texts").replaceChildren();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#drawMade();
    if (this.#state) this.#draw();
  }

  #listen() {
    for (const input of this.#element.querySelectorAll(".files, .folder")) {
      input.addEventListener("change", () => {
        this.#take([...input.files].filter(({ name }) => !name.startsWith(".")));
        input.value = "";
      });
    }
    const drop = this.#find(".drop");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.toggle("dragging", kind === "dragover");
        if (kind === "drop") this.#take([...event.dataTransfer.files]);
      });
    }
    const search = this.#find(".search");
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#search();
    });
    search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.#search(), TYPING);
    });
    this.#find(".embedding").addEventListener("click", () => void this.#embed());
  }

  #take(files) {
    this.#find(".just-added").hidden = true;
    this.#uploads.add(files);
  }

  #added({ title, passages }) {
    this.#find(".just-added p").textContent = this.#desk.say("textAdded", { title, passages });
    this.#find(".just-added").hidden = false;
    this.#find(".just-made").hidden = true;
    void this.#look();
  }

  /** Where the persona was made just now: what comes next. */
  #drawMade() {
    const { persona, made } = this.#desk;
    const told = this.#find(".just-made");
    told.hidden = !persona || persona.id !== made || !this.#find(".just-added").hidden;
    if (!told.hidden) told.textContent = this.#desk.say("personaMade", { name: this.#desk.name });
  }

  // the list

  /** Fetch the list, and again while passages are being embedded. */
  async #look() {
    clearTimeout(this.#looking);
    const { id } = this.#desk.persona;
    try {
      const state = await this.#desk.ask("GET", this.#desk.path("/knowledge"));
      if (this.#desk.persona?.id !== id) return;
      this.#state = state;
      this.#draw();
      if (state.embedding) this.#looking = setTimeout(() => void this.#look(), LOOK_EVERY);
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  #draw() {
    const { data, passages, embedded, embedding } = this.#state;
    const texts = data.map((text) => this.#text(text));
    this.#find(".texts").replaceChildren(...(texts.length > 0 ? texts : [make("li", "none", this.#desk.say("noTexts"))]));
    this.#find(".meaning").hidden = passages === 0 || (embedded === passages && !embedding);
    this.#find(".meaning progress").value = passages ? embedded / passages : 0;
    this.#find(".meaning .step").textContent = this.#desk.say("meaningSoFar", { embedded, passages });
    this.#find(".embedding").textContent = this.#desk.say(embedding ? "leaveOff" : "goOn");
  }

  #text(text) {
    const { title, characters, passages } = text;
    const item = make("li", "owned-text");
    const words = make("span", "text-words");
    const size = this.#desk.say("textSize", { characters: characters.toLocaleString(), passages });
    words.append(make("strong", "", title), make("small", "", size));
    const remove = make("button", "plain", this.#desk.say("removeText"));
    remove.type = "button";
    remove.setAttribute("aria-label", this.#desk.say("removeThis", { title }));
    remove.addEventListener("click", () => void this.#remove(text, remove));
    const again = make("button", "plain", this.#desk.say("reindex"));
    again.type = "button";
    again.setAttribute("aria-label", this.#desk.say("reindexThis", { title }));
    again.addEventListener("click", () => void this.#reindex(text, again));
    item.append(words, again, remove);
    return item;
  }

  async #reindex({ id }, button) {
    await this.#desk.during(button, async () => {
      const { language } = this.#desk;
      const path = this.#desk.path(`/knowledge/${encodeURIComponent(id)}/index`);
      const answer = await this.#desk.api.send("POST", path, null, { language });
      for await (const event of eventsOf(answer.body)) {
        if (event.error) throw new ApiError(500, event.error.message);
        if (event.type === "knowledge.progress") button.textContent = `${Math.round(event.share * 100)} %`;
      }
      await this.#look();
    });
  }

  async #remove({ id, title }, button) {
    if (!(await this.#desk.confirm(this.#desk.say("removeSure", { title }), this.#desk.say("removeText")))) return;
    await this.#desk.during(button, async () => {
      await this.#desk.ask("DELETE", this.#desk.path(`/knowledge/${encodeURIComponent(id)}`));
      await this.#look();
      if (this.#asked) await this.#search();
    });
  }

  async #embed() {
    const running = this.#state.embedding;
    await this.#desk.during(this.#find(".embedding"), async () => {
      await this.#desk.ask(running ? "DELETE" : "POST", this.#desk.path("/knowledge/embedding"));
      await this.#look();
    });
  }

  // the search

  async #search() {
    clearTimeout(this.#typing);
    const asked = this.#find(".search input").value.trim();
    this.#asked = asked;
    let found = [];
    try {
      const path = this.#desk.path(`/knowledge/search?q=${encodeURIComponent(asked)}`);
      if (asked) found = (await this.#desk.ask("GET", path)).data;
    } catch (error) {
      this.#desk.fail(error);
    }
    if (asked !== this.#asked) return;
    this.#find(".finds").replaceChildren(...found.map((each) => citation(each, this.#desk.language, this.#open)));
    const none = this.#find(".no-finds");
    none.hidden = !asked || found.length > 0;
    none.textContent = this.#desk.say("noFinds");
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
