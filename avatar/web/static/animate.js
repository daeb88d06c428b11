/** The page that animates photographs: one photo, what was found in it, its restoration, and the film. */

import { Api, ApiError } from "./api.js";
import { build } from "./animate-view.js";
import { eventsOf } from "./events.js";
import { firstLanguage, inLanguage, sentence, translate } from "./i18n.js";
import { remember } from "./memory.js";
import { PhotoPanel } from "./photo-panel.js";
import { make } from "./view.js";

/** How long a message about a problem stays, in milliseconds. */
const TOAST_STAYS = 9_000;

const VOICE_FIRST = { zh: "zm_yunxi", en: "af_heart" };

class AnimatePage {
  #view;
  #api;
  #language;
  #panel;
  #voices = [];
  #tab = "text";
  #work = null;
  #begun = 0;
  #addresses = [];
  #result = null;

  constructor(element, options) {
    this.#api = options.api ?? new Api();
    this.#language = firstLanguage(options.language);
    this.#view = build(element);
    this.#panel = new PhotoPanel(this.#view, this.#api, {
      fail: (error) => this.#fail(error),
      changed: () => this.#clearResult(),
    });
    this.#listen();
    this.#speak(this.#language);
  }

  async start() {
    try {
      this.#voices = (await this.#api.json("/v1/avatar/voices")).data;
    } catch (error) {
      this.#fail(error);
    }
    this.#listVoices();
  }

  close() {
    this.#work?.abort();
    this.#panel.clear();
    this.#clearResult();
  }

  #listen() {
    const view = this.#view;
    view.make.addEventListener("click", () => this.#film(false));
    view.preview.addEventListener("click", () => this.#film(true));
    view.cancel.addEventListener("click", () => this.#work?.abort());
    view.recording.addEventListener("change", () => this.#showRecording());
    view.background.addEventListener("change", () => this.#showBackground());
    view.backdrop.addEventListener("change", () => this.#showBackground());
    for (const tab of view.tabs) tab.addEventListener("click", () => this.#choose(tab.dataset.tab));
    for (const button of view.languages) {
      button.addEventListener("click", () => {
        remember("language", button.dataset.language);
        this.#speak(button.dataset.language);
      });
    }
  }

  #speak(language) {
    this.#language = language;
    const view = this.#view;
    translate(view.root, language);
    document.title = sentence(language, "animateTitle");
    for (const button of view.languages) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    this.#panel.speak(language);
    this.#showRecording();
    this.#showBackground();
    this.#listVoices();
    this.#showCaption();
  }

  #listVoices() {
    const { voice } = this.#view;
    const chosen = voice.value || VOICE_FIRST[this.#language];
    const groups = ["zh", "en"].map((language) => {
      const group = document.createElement("optgroup");
      group.label = sentence(this.#language, language === "zh" ? "voicesZh" : "voicesEn");
      const own = this.#voices.filter(({ languages }) => languages[0] === language);
      group.append(...own.map(({ id, name }) => new Option(inLanguage(name, this.#language), id, false, id === chosen)));
      return group;
    });
    voice.replaceChildren(...groups.filter((group) => group.children.length > 0));
  }

  #choose(tab) {
    this.#tab = tab;
    for (const each of this.#view.tabs) each.setAttribute("aria-selected", String(each.dataset.tab === tab));
    this.#view.byText.hidden = tab !== "text";
    this.#view.byRecording.hidden = tab === "text";
  }

  #showRecording() {
    const [file] = this.#view.recording.files;
    this.#view.recordingName.textContent = file?.name ?? sentence(this.#language, "recording");
  }

  /** What belongs to the chosen background; an MP4 cannot be transparent. */
  #showBackground() {
    const { background, tint, backdropField, backdrop, backdropName, form } = this.#view;
    const [file] = backdrop.files;
    tint.hidden = background.value !== "colour";
    backdropField.hidden = background.value !== "picture";
    backdropName.textContent = file?.name ?? sentence(this.#language, "backdrop");
    const clear = background.value === "transparent";
    form.options[0].disabled = clear;
    if (clear && form.value === "mp4") form.value = "webm";
  }

  /** What is missing before a film can be made; null if nothing is. */
  #missing() {
    const view = this.#view;
    if (!this.#panel.usable) return ["needFace", this.#panel.card ? view.picture : view.file];
    if (this.#tab === "text" && !view.text.value.trim()) return ["needText", view.text];
    if (this.#tab === "recording" && view.recording.files.length === 0) return ["needText", view.recording];
    if (!view.grounds.some((each) => each.checked)) return ["needGround", view.grounds[0]];
    if (view.background.value === "picture" && view.backdrop.files.length === 0) return ["needBackdrop", view.backdrop];
    return null;
  }

  #wish(preview) {
    const view = this.#view;
    const form = new FormData();
    form.set("photo", this.#panel.card.id);
    form.set("choice", JSON.stringify(this.#panel.choice));
    form.set("ground", view.grounds.find((each) => each.checked).value);
    const background = view.background.value;
    form.set("format", preview && background !== "transparent" ? "mp4" : view.form.value);
    form.set("background", background === "colour" ? view.colour.value : background);
    if (background === "picture") form.set("backdrop", view.backdrop.files[0]);
    form.set("size", view.pixels.value);
    form.set("preview", String(preview));
    form.set("emotion", view.emotion.value);
    if (this.#tab === "text") {
      form.set("text", view.text.value);
      form.set("voice", view.voice.value);
    } else {
      form.set("speech", view.recording.files[0]);
    }
    return form;
  }

  async #film(preview) {
    const missing = this.#missing();
    if (missing) {
      this.#tell(sentence(this.#language, missing[0]));
      missing[1].focus?.();
      return;
    }
    this.#clearResult();
    this.#busy(true);
    this.#work = new AbortController();
    const { signal } = this.#work;
    try {
      const options = { language: this.#language, signal };
      const answer = await this.#api.send("POST", "/v1/avatar/animations", this.#wish(preview), options);
      for await (const event of eventsOf(answer.body)) await this.#follow(event, preview);
    } catch (error) {
      if (signal.aborted) this.#tell(sentence(this.#language, "cancelled"));
      else this.#fail(error);
    } finally {
      this.#work = null;
      this.#busy(false);
    }
  }

  async #follow(event, preview) {
    if (event.error) throw new ApiError(500, event.error.message);
    if (event.type === "animation.progress") this.#showProgress(event);
    if (event.type === "animation.done") await this.#show(event, preview);
  }

  #busy(busy) {
    const view = this.#view;
    view.progress.hidden = !busy;
    view.make.disabled = view.preview.disabled = busy;
    if (busy) view.told.hidden = true;
    view.bar.removeAttribute("value");
    view.step.textContent = sentence(this.#language, "starting");
    this.#begun = performance.now();
  }

  #showProgress({ step, share }) {
    const { bar, step: text } = this.#view;
    if (bar.dataset.step !== step) this.#begun = performance.now();
    bar.dataset.step = step;
    bar.value = share;
    const words = [`${sentence(this.#language, step)} ${Math.round(share * 100)} %`];
    const spent = (performance.now() - this.#begun) / 1000;
    if (spent > 2 && share > 0.05) {
      words.push(sentence(this.#language, "eta", { seconds: Math.max(1, Math.round((spent / share) * (1 - share))) }));
    }
    text.textContent = words.join(" · ");
  }

  async #show(event, preview) {
    const view = this.#view;
    const address = await this.#fetched(event.film);
    const moving = event.film.endsWith(".gif");
    view.video.hidden = moving;
    view.moving.hidden = !moving;
    if (moving) view.moving.src = address;
    else view.video.src = address;
    view.download.href = address;
    view.download.download = `${preview ? "preview" : "film"}${event.film.slice(event.film.lastIndexOf("."))}`;
    for (const kind of ["srt", "vtt"]) {
      view[kind].hidden = !event[kind];
      if (event[kind]) view[kind].href = await this.#fetched(event[kind]);
    }
    this.#result = { ...event, preview };
    this.#showCaption();
    view.result.hidden = false;
    view.result.scrollIntoView({ behavior: "smooth", block: "nearest" });
    void view.video.play?.().catch(() => undefined);
  }

  #showCaption() {
    if (this.#result === null) return;
    const { seconds, size, preview } = this.#result;
    const values = { seconds: seconds.toFixed(1), size };
    this.#view.caption.textContent = preview
      ? sentence(this.#language, "isPreview")
      : sentence(this.#language, "ready", values);
  }

  async #fetched(path) {
    const address = await this.#api.picture(path);
    this.#addresses.push(address);
    return address;
  }

  #clearResult() {
    this.#view.result.hidden = true;
    this.#view.video.removeAttribute("src");
    this.#view.moving.removeAttribute("src");
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
    this.#result = null;
  }

  #tell(text) {
    this.#view.told.textContent = text;
    this.#view.told.hidden = false;
  }

  #fail(error) {
    const key = error instanceof ApiError && error.status === 401 ? "keyNeeded" : error.status === 503 ? "busy" : "failed";
    const toast = make("div", "toast");
    toast.append(make("p", "", error.sentence || sentence(this.#language, key)));
    this.#view.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_STAYS);
  }
}

/**
 * Put the page into an element.
 *
 * @param {HTMLElement} element
 * @param {{language?: "zh" | "en", api?: Api}} options
 */
export async function mount(element, options = {}) {
  const page = new AnimatePage(element, options);
  await page.start();
  return page;
}
