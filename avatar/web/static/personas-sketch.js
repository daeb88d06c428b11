/** A persona from one sentence: the studio writes the whole card, which is read before it is taken. */

import { inLanguage } from "./i18n.js";
import { differences } from "./studio-diff.js";
import { make } from "./view.js";

const MARKUP = `
<summary data-text="sketchTitle"></summary>
<div class="row sketch-line">
  <input type="text" class="line say" maxlength="2000" data-label="sketchExample" data-placeholder="sketchExample">
  <button type="button" class="second write" data-text="sketchWrite"></button>
</div>
<div class="sketched" hidden>
  <p class="explanation" role="status"></p>
  <div class="changes"></div>
  <div class="row"><button type="button" class="first take" data-text="sketchTake"></button>
    <button type="button" class="plain leave" data-text="leaveIt"></button></div>
</div>`;

export class Sketch {
  #desk;
  #proposal = null;

  /** @param {import("./personas-desk.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.element = make("details", "card sketch");
    this.element.innerHTML = MARKUP;
    this.#find(".write").addEventListener("click", () => void this.#write());
    this.#find(".take").addEventListener("click", () => void this.#take());
    this.#find(".leave").addEventListener("click", () => this.clear());
    this.#find(".say").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      void this.#write();
    });
  }

  clear() {
    this.#proposal = null;
    this.#find(".sketched").hidden = true;
  }

  speak() {
    if (this.#proposal) this.#draw();
  }

  async #write() {
    const say = this.#find(".say").value.trim();
    if (!say) {
      this.#find(".say").focus();
      return;
    }
    await this.#desk.during(this.#find(".write"), async () => {
      this.#proposal = await this.#desk.ask("POST", "/v1/avatar/personas/studio", { say });
      this.#draw();
    });
  }

  #draw() {
    const written = this.#proposal.diff.filter(({ field }) => field !== "id");
    this.#find(".explanation").textContent = inLanguage(this.#proposal.explanation, this.#desk.language);
    this.#find(".changes").replaceChildren(differences(written, this.#desk));
    this.#find(".sketched").hidden = false;
  }

  async #take() {
    const { id, persona } = this.#proposal;
    await this.#desk.during(this.#find(".take"), async () => {
      const made = await this.#desk.ask("POST", this.#desk.path(`/studio/${encodeURIComponent(id)}/accept`, persona));
      location.hash = `/${encodeURIComponent(made.id)}/card`;
    });
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}
