/** Who there is: a portrait, a name, the languages; a new one; and one that comes as a file. */

import { ApiError } from "./api.js";
import { inLanguage, sentence } from "./i18n.js";
import { placed } from "./personas-desk.js";
import { GroundDialog } from "./personas-ground.js";
import { make } from "./view.js";

export class Gallery {
  #view;
  #desk;
  #ground;
  #personas = [];
  #addresses = [];

  /**
   * @param {ReturnType<import("./personas-view.js").build>} view
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(view, desk) {
    this.#view = view;
    this.#desk = desk;
    this.#ground = new GroundDialog(view.root, desk);
    view.file.addEventListener("change", () => this.#import(view.file.files[0]));
  }

  /** Fetch the list again. */
  async show() {
    try {
      this.#personas = (await this.#desk.ask("GET", "/v1/avatar/personas")).data;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.#draw();
  }

  speak() {
    this.#ground.speak();
    if (!this.#view.home.hidden) this.#draw();
  }

  #draw() {
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
    this.#view.gallery.replaceChildren(...this.#personas.map((persona) => this.#tile(persona)), this.#newTile());
  }

  #tile(persona) {
    const { language } = this.#desk;
    const item = make("li");
    const link = make("a", "tile");
    link.href = placed(persona.id);
    const picture = make("span", "tile-picture", inLanguage(persona.name, language).slice(0, 1));
    const words = make("span", "tile-words");
    const spoken = persona.languages.map((each) => sentence(language, each === "zh" ? "chinese" : "english"));
    const kind = this.#desk.say(persona.built_in ? "builtIn" : "ownOne");
    words.append(
      make("strong", "", inLanguage(persona.name, language)),
      make("span", "tile-facts", [spoken.join(" · "), kind].join("　")),
      make("span", "tile-greeting", inLanguage(persona.greeting, language)),
    );
    link.append(picture, words);
    item.append(link);
    void this.#paint(picture, persona.portrait);
    return item;
  }

  /** Put the portrait in; without one the first sign of the name stays. */
  async #paint(node, address) {
    if (!address) return;
    try {
      const shown = await this.#desk.api.picture(address);
      this.#addresses.push(shown);
      const image = make("img");
      image.alt = "";
      image.src = shown;
      node.replaceChildren(image);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #newTile() {
    const item = make("li");
    const link = make("a", "tile new-tile");
    link.href = placed("new");
    const plus = make("span", "tile-picture", "＋");
    plus.setAttribute("aria-hidden", "true");
    const words = make("span", "tile-words");
    words.append(make("strong", "", this.#desk.say("newPersona")), make("span", "tile-greeting", this.#desk.say("newHint")));
    link.append(plus, words);
    item.append(link);
    return item;
  }

  /** A card that does not say with what right it portrays somebody is sent again with what the visitor says. */
  async #import(file, ground = null) {
    if (!file) return;
    const form = new FormData();
    form.set("file", file);
    for (const [key, value] of Object.entries(ground ?? {})) form.set(key === "kind" ? "ground" : key, value);
    this.#view.importing.classList.add("busy-label");
    try {
      const persona = await this.#desk.ask("POST", "/v1/avatar/personas/import", form);
      this.#desk.tell(this.#desk.say("imported", { name: inLanguage(persona.card.name, this.#desk.language) }));
      location.hash = `/${encodeURIComponent(persona.id)}`;
    } catch (error) {
      if (error.code !== "ground_required" || ground) this.#desk.fail(error);
      else await this.#askGround(file);
    } finally {
      this.#view.file.value = "";
      this.#view.importing.classList.remove("busy-label");
    }
  }

  async #askGround(file) {
    const ground = await this.#ground.ask();
    if (ground) await this.#import(file, ground);
  }
}
