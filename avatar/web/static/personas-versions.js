/** What the card was: its versions, what each changed, and back to one; out as a file; and the end of a persona. */

import { translate } from "./i18n.js";
import { differences, labelOf } from "./studio-diff.js";
import { make } from "./view.js";

const FORMS = ["persona", "json", "png", "charx"];

const MARKUP = `
<h3 data-text="versions"></h3>
<ol class="version-list" data-label="versions"></ol>
<h3 data-text="export"></h3>
<small data-text="exportWhy"></small>
<div class="row">${FORMS.map((each) => `<button type="button" class="second" data-form="${each}">.${each}</button>`).join("")}</div>
<div class="ending">
  <h3 data-text="deleteTitle"></h3>
  <small class="ending-why"></small>
  <button type="button" class="second delete"></button>
</div>`;

export class VersionsPanel {
  #element;
  #desk;
  #changed;
  #versions = [];

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
    for (const button of element.querySelectorAll("[data-form]")) {
      button.addEventListener("click", () => void this.#export(button));
    }
    this.#find(".delete").addEventListener("click", () => void this.#delete());
  }

  show() {
    void this.#look();
  }

  opened() {
    void this.#look();
  }

  changed() {
    void this.#look();
  }

  clear() {
    this.#versions = [];
    this.#find(".version-list").replaceChildren();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    if (this.#desk.persona) this.#draw();
  }

  async #look() {
    try {
      this.#versions = (await this.#desk.ask("GET", this.#desk.path("/versions"))).data;
      this.#draw();
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  #draw() {
    const { own, built_in: builtIn } = this.#desk.persona;
    this.#find(".version-list").replaceChildren(...this.#versions.map((version) => this.#version(version)));
    this.#find(".ending").hidden = !own;
    this.#find(".ending-why").textContent = this.#desk.say(builtIn ? "bringBackWhy" : "deleteWhy");
    this.#find(".delete").textContent = this.#desk.say(builtIn ? "bringBack" : "delete");
  }

  #version({ version, changed_at: at, current, fields }) {
    const { language } = this.#desk;
    const item = make("li", "version");
    const when = at ? new Date(at * 1000).toLocaleString(language === "zh" ? "zh-CN" : "en") : "";
    const words = make("span", "text-words");
    const what = fields.map((field) => labelOf(field, this.#desk)).join(language === "zh" ? "、" : ", ");
    words.append(
      make("strong", "", this.#desk.say(current ? "versionNow" : "version", { version })),
      make("small", "", [when, what && this.#desk.say("versionChanged", { what })].filter(Boolean).join(" · ")),
    );
    item.append(words);
    if (!current) item.append(this.#button("compareVersion", (button) => this.#compare(version, item, button)));
    if (!current) item.append(this.#button("restoreVersion", (button) => this.#restore(version, button)));
    return item;
  }

  #button(key, action) {
    const button = make("button", "plain", this.#desk.say(key));
    button.type = "button";
    button.addEventListener("click", () => void action(button));
    return button;
  }

  async #compare(version, item, button) {
    const shown = item.querySelector(".diff");
    if (shown) {
      shown.remove();
      return;
    }
    await this.#desk.during(button, async () => {
      const { diff } = await this.#desk.ask("GET", this.#desk.path(`/versions/${version}`));
      item.append(differences(diff, this.#desk));
    });
  }

  async #restore(version, button) {
    await this.#desk.during(button, async () => {
      const persona = await this.#desk.ask("POST", this.#desk.path(`/versions/${version}/restore`));
      this.#changed(persona);
      this.#desk.tell(this.#desk.say("restored", { version }));
    });
  }

  async #export(button) {
    const { form } = button.dataset;
    await this.#desk.during(button, async () => {
      const { id } = this.#desk.persona;
      const options = { language: this.#desk.language };
      const answer = await this.#desk.api.send("GET", this.#desk.path(`/export?format=${form}`), null, options);
      const link = make("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = `${id}.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  }

  async #delete() {
    const { id, built_in: builtIn } = this.#desk.persona;
    const [sure, yes] = builtIn ? ["bringBackSure", "bringBack"] : ["deleteSure", "delete"];
    if (!(await this.#desk.confirm(this.#desk.say(sure, { name: this.#desk.name }), this.#desk.say(yes)))) return;
    await this.#desk.during(this.#find(".delete"), async () => {
      await this.#desk.ask("DELETE", this.#desk.path("", id));
      location.hash = "";
      this.#desk.tell(this.#desk.say("deleted"));
    });
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}
