/** Questions and how the persona answers them: a small model imitates their length and tone. */

import { translate } from "./i18n.js";
import { make } from "./view.js";

const MOST = 24;

const MARKUP = `
<summary><span data-text="examples"></span> <small class="example-count"></small></summary>
<small data-text="examplesWhy"></small>
<ol class="example-list"></ol>
<button type="button" class="plain add" data-text="addExample"></button>`;

const ONE = `
<label class="labelled"><span data-text="exampleQuestion"></span>
  <textarea rows="1" maxlength="4000" data-part="question"></textarea></label>
<label class="labelled"><span data-text="exampleAnswer"></span>
  <textarea rows="2" maxlength="4000" data-part="answer"></textarea></label>
<button type="button" class="plain remove" data-text="removeExample"></button>`;

export class Examples {
  #desk;
  #touched;
  #list;
  #examples = [];
  #language = "zh";

  /**
   * @param {import("./personas-desk.js").Desk} desk
   * @param {() => void} touched something was changed
   */
  constructor(desk, touched) {
    this.#desk = desk;
    this.#touched = touched;
    this.element = make("details", "examples further");
    this.element.innerHTML = MARKUP;
    this.#list = this.element.querySelector("ol");
    this.element.querySelector(".add").addEventListener("click", () => this.#add());
  }

  /** All examples, of both languages; those that were left empty are no examples. */
  get value() {
    return this.#examples.filter(({ question, answer }) => question.trim() && answer.trim());
  }

  /**
   * @param {object[]} examples of a card, which are changed in place
   * @param {"zh" | "en"} language whose are shown
   */
  show(examples, language) {
    this.#examples = examples;
    this.#language = language;
    this.#list.replaceChildren(...examples.filter((each) => each.language === language).map((each) => this.#item(each)));
    this.element.querySelector(".example-count").textContent = String(this.#list.children.length);
    this.element.querySelector(".add").hidden = examples.length >= MOST;
  }

  speak() {
    translate(this.element, this.#desk.language);
  }

  #add() {
    const example = { language: this.#language, question: "", answer: "", quote: "" };
    this.#examples.push(example);
    this.show(this.#examples, this.#language);
    this.#list.lastElementChild.querySelector("textarea").focus();
  }

  #item(example) {
    const item = make("li");
    item.innerHTML = ONE;
    for (const field of item.querySelectorAll("textarea")) {
      field.value = example[field.dataset.part];
      field.addEventListener("input", () => {
        example[field.dataset.part] = field.value;
      });
    }
    item.querySelector(".remove").addEventListener("click", () => {
      this.#examples.splice(this.#examples.indexOf(example), 1);
      this.show(this.#examples, this.#language);
      this.#touched();
    });
    translate(item, this.#desk.language);
    item.removeAttribute("lang");
    return item;
  }
}
