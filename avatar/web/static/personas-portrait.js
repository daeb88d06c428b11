/** A portrait: chosen, looked at by the server, and told what is seen in it, before it is used. */

import { inLanguage } from "./i18n.js";
import { make } from "./view.js";

export class PortraitField {
  #desk;
  #used;
  #image = make("img");
  #words = make("ul", "findings");
  #faces = make("div", "row faces");
  #input = make("input", "hidden-input");
  #frame = make("label", "portrait-frame");
  #hint = make("span", "portrait-hint");
  #card = null;
  #face = null;
  #address = "";

  /**
   * @param {import("./personas-desk.js").Desk} desk
   * @param {() => Promise<void> | void} used a photograph that can be used is there, with its face chosen
   */
  constructor(desk, used = () => undefined) {
    this.#desk = desk;
    this.#used = used;
    this.element = make("div", "portrait-field");
    this.#image.alt = "";
    this.#input.type = "file";
    this.#input.accept = "image/*";
    this.#input.dataset.label = "choosePortrait";
    this.#words.setAttribute("role", "status");
    this.#frame.append(this.#input, this.#image, this.#hint);
    this.element.append(this.#frame, this.#faces, this.#words);
    this.#input.addEventListener("change", () => void this.#look(this.#input.files[0]));
    for (const kind of ["dragover", "dragleave", "drop"]) {
      this.#frame.addEventListener(kind, (event) => {
        event.preventDefault();
        this.#frame.classList.toggle("dragging", kind === "dragover");
        if (kind === "drop") void this.#look(event.dataTransfer.files[0]);
      });
    }
    this.#set("");
  }

  /** The photograph to use, as the server takes it; null where there is none that can be used. */
  get wish() {
    if (!this.#card?.usable) return null;
    const form = new FormData();
    form.set("photo", this.#card.id);
    if (this.#face) form.set("face", String(this.#face));
    return form;
  }

  /** Show a picture that is in use already. */
  async show(address) {
    this.clear();
    if (!address) return;
    try {
      this.#set(await this.#desk.api.picture(address));
    } catch {
      this.#set("");
    }
  }

  clear() {
    this.#card = this.#face = null;
    this.#input.value = "";
    this.#words.replaceChildren();
    this.#faces.replaceChildren();
    this.#set("");
  }

  speak() {
    this.#hint.textContent = this.#desk.say(this.#address ? "otherPortrait" : "choosePortrait");
    if (this.#card) this.#draw();
  }

  /** Where a keyboard goes. */
  focus() {
    this.#input.focus();
  }

  async #look(file) {
    if (!file) return;
    const form = new FormData();
    form.set("file", file);
    this.#frame.classList.add("busy-label");
    this.#words.replaceChildren(make("li", "", this.#desk.say("lookingAt")));
    this.#faces.replaceChildren();
    try {
      this.#card = await this.#desk.ask("POST", "/v1/avatar/photos", form);
      this.#set(await this.#desk.api.picture(this.#card.picture));
      this.#face = this.#card.faces.length > 1 && this.#card.choose ? null : this.#card.face;
      await this.#settle();
    } catch (error) {
      if (this.#card && !this.#card.usable) this.clear();
      this.#words.replaceChildren(make("li", "error", error.sentence || this.#desk.say("problem")));
    } finally {
      this.#frame.classList.remove("busy-label");
      this.#input.value = "";
    }
  }

  async #choose(number) {
    try {
      const path = `/v1/avatar/photos/${this.#card.id}/examination`;
      this.#card = await this.#desk.ask("POST", path, { version: "original", face: number });
      this.#face = number;
      await this.#settle();
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  async #settle() {
    this.#draw();
    if (this.#card.usable) await this.#used();
  }

  #draw() {
    const { faces, findings, usable } = this.#card;
    const { language } = this.#desk;
    const words = ({ code, text }) => (code === "no_face" ? this.#desk.say("noFace") : inLanguage(text, language));
    const items = findings.map((finding) => make("li", finding.weight, words(finding)));
    if (usable) items.unshift(make("li", "fine", this.#desk.say(items.length > 0 ? "portraitUsable" : "portraitFine")));
    this.#words.replaceChildren(...items);
    this.#faces.replaceChildren(...(faces.length > 1 ? faces.map((face) => this.#faceButton(face)) : []));
  }

  #faceButton({ number, place }) {
    const button = make("button", "second", inLanguage(place, this.#desk.language));
    button.type = "button";
    button.setAttribute("aria-pressed", String(number === this.#face));
    button.addEventListener("click", () => void this.#choose(number));
    return button;
  }

  #set(address) {
    URL.revokeObjectURL(this.#address);
    this.#address = address;
    if (address) this.#image.src = address;
    else this.#image.removeAttribute("src");
    this.#hint.textContent = this.#desk.say(address ? "otherPortrait" : "choosePortrait");
  }
}
