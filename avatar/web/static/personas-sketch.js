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
  <div class="row sketch-line">
    <input type="text" class="line more" maxlength="2000" data-label="sketchMore" data-placeholder="sketchMore">
    <button type="button" class="second add" data-text="sketchAdd"></button>
  </div>
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
    this.#does(".say", ".write", () => this.#write());
    this.#does(".more", ".add", () => this.#add());
    this.#find(".take").addEventListener("click", () => void this.#take());
    this.#find(".leave").addEventListener("click", () => this.clear());
  }

  clear() {
    this.#proposal = null;
    this.#find(".sketched").hidden = true;
  }

  speak() {
    if (this.#proposal) this.#draw();
  }

  /** A line does something when its button is pressed, and at the enter key. */
  #does(line, button, work) {
    this.#find(button).addEventListener("click", () => void work());
    this.#find(line).addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      void work();
    });
  }

  #write() {
    return this.#ask(".say", ".write", "/v1/avatar/personas/studio", {});
  }

  /** Something more is wished of the card that is shown. */
  #add() {
    const { id, persona } = this.#proposal;
    return this.#ask(".more", ".add", this.#desk.path("/studio", persona), { proposal: id });
  }

  async #ask(line, button, address, more) {
    const say = this.#find(line).value.trim();
    if (this.#find(button).disabled) return;
    if (!say) {
      this.#find(line).focus();
      return;
    }
    await this.#desk.during(this.#find(button), async () => {
      this.#proposal = await this.#desk.ask("POST", address, { say, ...more });
      this.#find(".more").value = "";
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
