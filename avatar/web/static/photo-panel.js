/** The photograph on the page: sent, looked at, a face chosen or marked, restored, compared. */

import { inLanguage, sentence } from "./i18n.js";
import { make } from "./view.js";

const MARKS = ["markRightEye", "markLeftEye", "markNose", "markMouthRight", "markMouthLeft", "markChin"];

const SVG = "http://www.w3.org/2000/svg";

export class PhotoPanel {
  #view;
  #api;
  #hooks;
  #language = "en";
  #cards = { original: null, restored: null };
  #version = "original";
  #marks = null;
  #placed = [];
  #addresses = [];
  #work = null;

  /**
   * @param {ReturnType<import("./animate-view.js").build>} view
   * @param {import("./api.js").Api} api
   * @param {{fail: (error: Error) => void, changed: () => void}} hooks changed: what was made of it is out of date
   */
  constructor(view, api, hooks) {
    this.#view = view;
    this.#api = api;
    this.#hooks = hooks;
    this.#listen();
  }

  /** What the server found, of the version that is used; null before there is a photo. */
  get card() {
    return this.#cards[this.#version];
  }

  /** Whether a film can be made of it. */
  get usable() {
    return this.card?.usable ?? false;
  }

  /** Which face of which version is meant, as the server takes it. */
  get choice() {
    const { face } = this.card;
    return { version: this.#version, ...(this.#marks ? { marks: this.#marks } : { face }) };
  }

  speak(language) {
    this.#language = language;
    if (this.card) this.#show();
  }

  clear() {
    this.#work?.abort();
    const { original } = this.#cards;
    if (original) void this.#api.send("DELETE", `/v1/avatar/photos/${original.id}`).catch(() => undefined);
    this.#cards = { original: null, restored: null };
    this.#version = "original";
    this.#marks = null;
    this.#placed = [];
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  #listen() {
    const view = this.#view;
    view.file.addEventListener("change", () => this.#send(view.file.files[0]));
    for (const kind of ["dragover", "dragleave", "drop"]) {
      view.root.addEventListener(kind, (event) => {
        event.preventDefault();
        view.root.classList.toggle("dragging", kind === "dragover");
        if (kind === "drop") void this.#send(event.dataTransfer.files[0]);
      });
    }
    view.another.addEventListener("click", () => this.#again());
    view.mark.addEventListener("click", () => this.#mark());
    view.picture.addEventListener("click", (event) => this.#place(event));
    view.restore.addEventListener("click", () => this.#restore());
    view.version.addEventListener("click", () => this.#use(this.#version === "original" ? "restored" : "original"));
    view.slider.addEventListener("input", () => this.#compare());
  }

  #again() {
    this.clear();
    const view = this.#view;
    view.file.value = "";
    view.drop.hidden = false;
    view.sheet.hidden = view.steps.hidden = view.another.hidden = true;
    this.#hooks.changed();
    view.file.click();
  }

  async #send(file) {
    if (!file) return;
    this.clear();
    this.#hooks.changed();
    const form = new FormData();
    form.set("file", file);
    await this.#do("looking", async (options) => {
      const card = await (await this.#api.send("POST", "/v1/avatar/photos", form, options)).json();
      this.#cards.original = card;
      this.#view.original.src = await this.#fetched(card.picture);
      for (const [name, box] of this.#view.repairs) box.checked = card.damage.proposed[name];
      this.#view.drop.hidden = true;
      this.#view.sheet.hidden = this.#view.steps.hidden = this.#view.another.hidden = false;
      this.#use("original");
    });
  }

  /** Ask the server to look at the photo again, for another choice. */
  async #look(wish) {
    const card = this.card;
    await this.#do("looking", async (options) => {
      const path = `/v1/avatar/photos/${card.id}/examination`;
      const body = { version: this.#version, ...wish };
      this.#cards[this.#version] = await (await this.#api.send("POST", path, body, options)).json();
      this.#marks = wish.marks ?? null;
      this.#hooks.changed();
      this.#show();
    });
  }

  async #restore() {
    const wishes = Object.fromEntries([...this.#view.repairs].map(([name, box]) => [name, box.checked]));
    const { id } = this.#cards.original;
    await this.#do("restoring", async (options) => {
      const answer = await this.#api.send("POST", `/v1/avatar/photos/${id}/restoration`, wishes, options);
      this.#cards.restored = await answer.json();
      this.#view.restored.src = await this.#fetched(this.#cards.restored.picture);
      this.#view.slider.value = "50";
      this.#use("restored");
    });
  }

  async #do(key, work) {
    const view = this.#view;
    this.#work = new AbortController();
    const { signal } = this.#work;
    view.busyText.textContent = sentence(this.#language, key);
    view.busy.hidden = false;
    view.restore.disabled = true;
    try {
      await work({ language: this.#language, signal });
    } catch (error) {
      if (!signal.aborted) this.#hooks.fail(error);
    } finally {
      view.busy.hidden = true;
      view.restore.disabled = false;
    }
  }

  async #fetched(path) {
    const address = await this.#api.picture(`${path}?${Date.now()}`);
    this.#addresses.push(address);
    return address;
  }

  /** Use the original or the restored photo. */
  #use(version) {
    this.#version = version;
    this.#marks = null;
    this.#placed = [];
    this.#hooks.changed();
    this.#show();
  }

  // marking

  #mark() {
    this.#marks = null;
    this.#placed = [];
    this.#view.picture.classList.add("marks");
    this.#show();
    this.#askMark();
  }

  #askMark() {
    const { marking } = this.#view;
    const number = this.#placed.length;
    marking.hidden = number >= MARKS.length;
    if (!marking.hidden) {
      const what = sentence(this.#language, MARKS[number]);
      marking.textContent = sentence(this.#language, "mark", { what, number: number + 1 });
    }
  }

  #place(event) {
    const { picture } = this.#view;
    if (!picture.classList.contains("marks")) return;
    const box = picture.getBoundingClientRect();
    this.#placed.push([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
    this.#draw();
    this.#askMark();
    if (this.#placed.length < MARKS.length) return;
    picture.classList.remove("marks");
    void this.#look({ marks: this.#placed });
  }

  // showing

  #show() {
    const { card } = this;
    const view = this.#view;
    this.#draw();
    this.#showFaces(card);
    this.#showFindings(card);
    this.#showDamage(this.#cards.original.damage);
    const restored = this.#cards.restored !== null;
    view.version.hidden = !restored;
    view.version.textContent = sentence(this.#language, this.#version === "original" ? "useRestored" : "useOriginal");
    const shown = this.#version === "restored";
    view.restored.hidden = view.slider.hidden = !shown;
    for (const tag of view.tags) tag.hidden = !shown;
    this.#compare();
  }

  #compare() {
    const share = Number(this.#view.slider.value);
    this.#view.restored.style.clipPath = `inset(0 0 0 ${share}%)`;
    this.#view.divider.style.left = `${share}%`;
  }

  #draw() {
    const { overlay } = this.#view;
    const { width, height } = this.card;
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const dots = this.#placed.map(([x, y]) => shape("circle", { cx: x * width, cy: y * height, r: width / 110 }));
    const corners = this.#version === "original" ? this.card.damage.print : null;
    const points = corners?.map(([x, y]) => `${x * width},${y * height}`).join(" ");
    overlay.replaceChildren(...(points ? [shape("polygon", { points })] : []), ...dots);
  }

  #showFaces(card) {
    const chosen = card.face;
    this.#view.choices.replaceChildren(
      ...card.faces.map(({ number, box: [left, top, right, bottom], place }) => {
        const button = make("button", "face-box", card.faces.length > 1 ? String(number) : "");
        button.type = "button";
        button.title = inLanguage(place, this.#language);
        button.setAttribute("aria-pressed", String(number === chosen));
        Object.assign(button.style, {
          left: `${left * 100}%`,
          top: `${top * 100}%`,
          width: `${(right - left) * 100}%`,
          height: `${(bottom - top) * 100}%`,
        });
        button.addEventListener("click", () => {
          if (!this.#view.picture.classList.contains("marks")) void this.#look({ face: number });
        });
        return button;
      }),
    );
  }

  #showFindings(card) {
    const view = this.#view;
    const say = (key, values) => sentence(this.#language, key, values);
    const words = [say("size", card.sent)];
    if (this.#marks) words.push(say("markedFace"));
    else if (card.faces.length === 1) words.push(say("oneFace"));
    else if (card.faces.length > 1) words.push(say("faces", { count: card.faces.length }));
    view.summary.textContent = words.join(" · ");
    const items = card.findings.map(({ code, weight, text }) => {
      const choose = card.choose && code === "several_faces";
      return make("li", weight, choose ? say("choose") : inLanguage(text, this.#language));
    });
    view.findings.replaceChildren(...(items.length > 0 ? items : [make("li", "fine", say("allWell"))]));
    view.mark.hidden = card.usable && !this.#marks;
    view.mark.textContent = say(this.#marks || this.#placed.length > 0 ? "markAgain" : "markFace");
  }

  #showDamage(damage) {
    const say = (key, values) => sentence(this.#language, key, values);
    const { proposed } = damage;
    const found = [
      proposed.straighten && say("foundPrint"),
      proposed.scratches && damage.lines > 0 && say("foundLines", { count: damage.lines }),
      proposed.scratches && damage.spots > 0 && say("foundSpots", { count: damage.spots }),
      proposed.noise && say("foundNoise"),
      proposed.fading && say("foundFading"),
      proposed.enlarge && say("foundSmall"),
    ].filter(Boolean);
    const joined = found.join(this.#language === "zh" ? "、" : ", ");
    this.#view.damage.textContent = found.length > 0 ? say("repairFound", { what: joined }) : say("repairNone");
  }
}

function shape(kind, attributes) {
  const node = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
