/** The studio: what should be otherwise is said in words; the change is shown, tried side by side, and taken or left. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";
import { inLanguage, translate } from "./i18n.js";
import { differences } from "./studio-diff.js";
import { make } from "./view.js";

const IDEAS = ["idea1", "idea2", "idea3", "idea4"];

const MARKUP = `
<form class="wish">
  <label class="labelled"><strong data-text="wishTitle"></strong>
    <textarea rows="3" maxlength="2000" data-placeholder="wishExample"></textarea></label>
  <blockquote class="complaint" hidden>
    <p class="asked"></p><p class="answered"></p>
    <button type="button" class="plain forget" data-text="forgetComplaint"></button>
  </blockquote>
  <div class="row ideas">${IDEAS.map((key) => `<button type="button" class="idea" data-text="${key}"></button>`).join("")}</div>
  <button type="submit" class="first" data-text="propose"></button>
</form>
<article class="card proposal" hidden>
  <p class="explanation" role="status"></p>
  <div class="changes"></div>
  <div class="row">
    <button type="button" class="first accept" data-text="accept"></button>
    <button type="button" class="second try" data-text="tryIt"></button>
    <button type="button" class="plain leave" data-text="leaveIt"></button>
  </div>
  <div class="trials"></div>
</article>
<p class="accepted" role="status" hidden><span></span> <button type="button" class="plain undo" data-text="undo"></button></p>`;

export class StudioPanel {
  #element;
  #desk;
  #changed;
  #proposal = null;
  #complaint = null;
  #work = null;
  #before = 0;

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(persona: object) => void} changed
   */
  constructor(element, desk, changed) {
    this.#element = element;
    this.#desk = desk;
    this.#changed = changed;
    element.innerHTML = MARKUP;
    this.#listen();
  }

  show() {
    this.clear();
  }

  clear() {
    this.#work?.abort();
    this.#proposal = null;
    this.#find(".wish").reset();
    this.#complain(null);
    this.#find(".proposal").hidden = this.#find(".accepted").hidden = true;
  }

  speak() {
    translate(this.#element, this.#desk.language);
    if (this.#proposal) this.#draw();
  }

  /** An answer that was not as it should be: what is said next is about it. */
  complain(complaint) {
    this.#complain(complaint);
    this.#find("textarea").focus();
  }

  #listen() {
    this.#find(".wish").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#propose();
    });
    for (const idea of this.#element.querySelectorAll(".idea")) {
      idea.addEventListener("click", () => {
        this.#find("textarea").value = idea.textContent;
        this.#find("textarea").focus();
      });
    }
    this.#find(".forget").addEventListener("click", () => this.#complain(null));
    this.#find(".try").addEventListener("click", () => void this.#try());
    this.#find(".accept").addEventListener("click", () => void this.#accept());
    this.#find(".leave").addEventListener("click", () => void this.#leave());
    this.#find(".undo").addEventListener("click", () => void this.#undo());
  }

  #complain(complaint) {
    this.#complaint = complaint;
    this.#find(".complaint").hidden = complaint === null;
    this.#find(".asked").textContent = complaint?.question ?? "";
    this.#find(".answered").textContent = complaint?.answer ?? "";
  }

  async #propose() {
    const say = this.#find("textarea").value.trim();
    if (!say) {
      this.#desk.tell(this.#desk.say("needWish"), "bad");
      return;
    }
    await this.#desk.during(this.#find("[type=submit]"), async () => {
      this.#find(".accepted").hidden = true;
      await this.#forget();
      this.#proposal = await this.#desk.ask("POST", this.#desk.path("/studio"), { say, ...this.#complaint });
      this.#draw();
    });
  }

  #draw() {
    const { explanation, diff } = this.#proposal;
    this.#find(".proposal").hidden = false;
    this.#find(".explanation").textContent = inLanguage(explanation, this.#desk.language);
    this.#find(".changes").replaceChildren(differences(diff, this.#desk));
  }

  #address(rest = "") {
    return this.#desk.path(`/studio/${encodeURIComponent(this.#proposal.id)}${rest}`);
  }

  // side by side

  async #try() {
    this.#work?.abort();
    this.#work = new AbortController();
    const { signal } = this.#work;
    const trials = this.#find(".trials");
    trials.replaceChildren();
    const button = this.#find(".try");
    button.disabled = true;
    try {
      const options = { language: this.#desk.language, signal };
      const answer = await this.#desk.api.send("POST", this.#address("/try"), {}, options);
      const shown = [];
      for await (const event of eventsOf(answer.body)) this.#take(event, shown, trials);
    } catch (error) {
      if (!signal.aborted) this.#desk.fail(error);
    } finally {
      button.disabled = false;
    }
  }

  #take(event, shown, trials) {
    if (event.error) throw new ApiError(500, event.error.message);
    if (event.type === "studio.question") {
      shown[event.index] = this.#trial(event.question);
      trials.append(shown[event.index].element);
    }
    const place = shown[event.index]?.sides[event.side];
    if (!place) return;
    if (event.type === "studio.answer.delta") place.textContent += event.delta;
    if (event.type === "studio.answer.done") place.textContent = event.text;
    place.parentElement.hidden = false;
  }

  #trial(question) {
    const element = make("section", "side-by-side");
    const sides = {};
    element.append(make("h4", "", question));
    for (const side of ["before", "after"]) {
      const column = make("div", side);
      sides[side] = make("p");
      const label = make("small", "", this.#desk.say(`side-${side}`));
      label.dataset.text = `side-${side}`;
      column.append(label, sides[side]);
      element.append(column);
    }
    return { element, sides };
  }

  // taken or left

  async #accept() {
    await this.#desk.during(this.#find(".accept"), async () => {
      this.#work?.abort();
      this.#before = this.#desk.persona.version;
      const persona = await this.#desk.ask("POST", this.#address("/accept"));
      this.#proposal = null;
      this.#find(".wish").reset();
      this.#complain(null);
      this.#find(".proposal").hidden = true;
      this.#find(".trials").replaceChildren();
      this.#find(".accepted span").textContent = this.#desk.say("accepted", persona);
      this.#find(".accepted").hidden = false;
      this.#changed(persona);
    });
  }

  async #undo() {
    await this.#desk.during(this.#find(".undo"), async () => {
      const persona = await this.#desk.ask("POST", this.#desk.path(`/versions/${this.#before}/restore`));
      this.#find(".accepted").hidden = true;
      this.#changed(persona);
      this.#desk.tell(this.#desk.say("undone", persona));
    });
  }

  async #leave() {
    await this.#forget();
    this.#find(".wish textarea").focus();
  }

  /** Let a proposal go; the server forgets it by itself, too. */
  async #forget() {
    if (!this.#proposal) return;
    this.#work?.abort();
    const address = this.#address();
    this.#proposal = null;
    this.#find(".proposal").hidden = true;
    this.#find(".trials").replaceChildren();
    await this.#desk.ask("DELETE", address).catch(() => undefined);
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
