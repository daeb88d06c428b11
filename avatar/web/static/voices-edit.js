/** Other words in a recording of the voice's person: choose it, see what it says, write what it should say, compare. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";
import { translate } from "./i18n.js";
import { compared } from "./studio-diff.js";
import { make } from "./view.js";
import { BeforeAfter } from "./voices-edit-player.js";
import "./voices-edit-sentences.js";

/** What the server takes of a recording whose words are to be told, in bytes. */
const LARGEST = 25 * 1024 * 1024;

/** Each step's part of the whole, as its beginning and its length. */
const STEPS = { hearing: [0, 0.15], checking: [0.15, 0.1], making: [0.25, 0.75] };

/** Signs of a recording's text that tell it from the others in the list. */
const NAMED = 22;

const MARKUP = `
<h3 data-text="editTitle"></h3>
<small data-text="editHint"></small>
<div class="row sources">
  <select data-label="editWhich"></select>
  <button type="button" class="second take" data-text="editTake"></button>
  <label class="second upload-edit"><input type="file" class="hidden-input" accept="audio/*,.m4a">
    <span data-text="editUpload"></span></label>
</div>
<p class="busy" role="status" hidden><i aria-hidden="true"></i><span data-text="editHearing"></span></p>
<p class="told problem" role="alert" hidden></p>
<form class="edit-text" hidden>
  <div class="edit-words">
    <strong class="edit-name"></strong><audio hidden></audio>
    <p class="words" role="group" data-label="editWords"></p>
    <small data-text="editWordsHint"></small>
  </div>
  <label class="labelled"><span data-text="editSays"></span><textarea name="says" rows="2" maxlength="8000"></textarea>
    <small data-text="editSaysHint"></small></label>
  <label class="labelled"><span data-text="editShould"></span><textarea name="should" rows="2" maxlength="8000"></textarea>
  </label>
  <p class="difference" aria-live="polite"></p>
  <div class="row"><button type="submit" class="first make-edit" data-text="editMake"></button></div>
</form>
<div class="progress" hidden><progress max="1" data-label="editTitle"></progress><span class="step" role="status"></span>
  <button type="button" class="second cancel" data-text="cancel"></button></div>
<section class="edited" tabindex="-1" hidden></section>`;

export class VoiceEdit {
  #element;
  #desk;
  #player;
  #voice = null;
  #kept = [];
  /** The recording in work: its file, its name, and what was heard in it. */
  #sound = null;
  #heard = null;
  #audio;
  #work = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   */
  constructor(element, desk) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    this.#audio = this.#find(".edit-words audio");
    this.#player = new BeforeAfter(this.#find(".edited"), desk);
    this.#listen();
  }

  /** @param {{id: string, sample: string | null}} voice */
  async show(voice) {
    this.clear();
    this.#voice = voice;
    try {
      const { data } = await this.#desk.ask("GET", `${this.#path}/recordings`);
      if (this.#voice !== voice) return;
      this.#kept = data;
    } catch (error) {
      if (this.#voice === voice) this.#desk.fail(error);
    }
    this.speak();
  }

  clear() {
    this.#voice = null;
    this.#kept = [];
    this.#drop();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    const list = this.#find("select");
    const chosen = list.value;
    const options = this.#kept.map(({ text, url }, i) => new Option(`${i + 1}　${shortened(text)}`, url));
    if (this.#voice?.sample) options.push(new Option(this.#desk.say("editSample"), this.#voice.sample));
    list.replaceChildren(...options);
    if (chosen) list.value = chosen;
    for (const part of [list, this.#find(".take")]) part.hidden = options.length === 0;
    this.#player.speak();
    this.#compare();
  }

  get #path() {
    return `/v1/avatar/voices/${encodeURIComponent(this.#voice.id)}`;
  }

  #listen() {
    const list = this.#find("select");
    this.#find(".take").addEventListener("click", () => {
      const path = list.value;
      void this.#take("", this.#kept.find(({ url }) => url === path), () => this.#fetched(path));
    });
    const file = this.#find(".upload-edit input");
    file.addEventListener("change", () => {
      const [given] = file.files;
      if (given) void this.#take(given.name, undefined, async () => given);
      file.value = "";
    });
    this.#form.addEventListener("input", () => this.#compare());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    this.#find(".progress .cancel").addEventListener("click", () => this.#work.abort());
    this.#audio.addEventListener("timeupdate", () => this.#follow());
    this.#audio.addEventListener("pause", () => this.#mark(-1));
  }

  // the recording and its words

  async #fetched(path) {
    return (await this.#desk.api.send("GET", path, null, { language: this.#desk.language })).blob();
  }

  /** Take a recording up: listen to what it says, which its own text, where it is known, corrects. Files have names. */
  async #take(name, known, ask) {
    this.#drop();
    const { signal } = this.#work;
    this.#find(".busy").hidden = false;
    try {
      const file = await ask();
      if (file.size > LARGEST) throw new ApiError(413, this.#desk.say("editTooLarge"));
      const heard = await this.#hear(file, known, signal);
      if (signal.aborted) return;
      if (!heard.text) throw new ApiError(400, this.#desk.say("editNoWords"));
      this.#sound = { file, name };
      this.#heard = heard;
      this.#audio.src = URL.createObjectURL(file);
      this.#open();
    } catch (error) {
      if (!signal.aborted) this.#tell(this.#words(error));
    } finally {
      if (!signal.aborted) this.#find(".busy").hidden = true;
    }
  }

  async #hear(file, known, signal) {
    const form = new FormData();
    form.set("file", file, "recording.wav");
    form.set("response_format", "verbose_json");
    form.set("timestamp_granularities[]", "word");
    if (known) form.set("language", known.language);
    const heard = await this.#desk.ask("POST", "/v1/audio/transcriptions", form, { signal });
    const language = heard.language === "chinese" ? "zh" : "en";
    return { text: (known?.text ?? heard.text).trim(), words: heard.words ?? [], language };
  }

  #open() {
    const { text, words, language } = this.#heard;
    const { says, should } = this.#form.elements;
    for (const field of [says, should]) {
      field.value = text;
      field.lang = language === "zh" ? "zh-CN" : "en";
    }
    this.#find(".edit-name").textContent = this.#sound.name;
    this.#find(".edit-name").hidden = this.#sound.name === "";
    this.#find(".words").lang = says.lang;
    this.#find(".words").replaceChildren(...words.map((word) => this.#word(word)));
    this.#form.hidden = false;
    this.#compare();
    should.focus({ preventScroll: true });
    this.#form.scrollIntoView({ block: "nearest" });
  }

  /** A word that is heard when it is pressed, and what follows it; pressed while it sounds, it stops. */
  #word({ word, start }) {
    const button = make("button", "word", word.trim());
    button.type = "button";
    button.addEventListener("click", () => {
      const sounds = !this.#audio.paused && button.hasAttribute("aria-current");
      if (sounds) return this.#audio.pause();
      this.#player.pause();
      this.#audio.currentTime = start;
      void this.#audio.play();
    });
    return button;
  }

  #follow() {
    const now = this.#audio.currentTime + 0.02;
    if (!this.#audio.paused) this.#mark(this.#heard.words.findLastIndex(({ start }) => start <= now));
  }

  #mark(index) {
    for (const [i, button] of [...this.#find(".words").children].entries()) {
      if (i === index) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Show what goes and what comes; with nothing of either there is nothing to make. */
  #compare() {
    const [says, should] = [this.#form.elements.says.value.trim(), this.#form.elements.should.value.trim()];
    const same = says === should;
    const words = same ? [this.#desk.say("editSame")] : compared(says, should);
    this.#find(".difference").replaceChildren(...words);
    this.#find(".difference").classList.toggle("none", same);
    this.#find(".make-edit").disabled = same || !says || !should;
  }

  // the making

  async #make() {
    this.#audio.pause();
    this.#player.clear();
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.#tell("");
    this.#busy(true);
    this.#find(".progress .cancel").focus({ preventScroll: true });
    this.#step("hearing", 0);
    try {
      const { file, edit } = await this.#sent(signal);
      if (signal.aborted) return;
      this.#find(".edited").hidden = false;
      await this.#player.show(this.#sound.file, file, edit, `${this.#voice.id}-edited.wav`);
    } catch (error) {
      if (signal.aborted) this.#desk.tell(this.#desk.say("editCancelled"));
      else this.#tell(this.#words(error));
    } finally {
      this.#busy(false);
      if (this.#find(".edited").hidden) this.#find(".make-edit").focus({ preventScroll: true });
    }
  }

  async #sent(signal) {
    const { says, should } = this.#form.elements;
    const form = new FormData();
    form.set("file", this.#sound.file, "recording.wav");
    const fields = { transcript: says.value.trim(), text: should.value.trim(), language: this.#heard.language };
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const { language, api } = this.#desk;
    const headers = { Accept: "text/event-stream" };
    const answer = await api.send("POST", `${this.#path}/edits`, form, { language, signal, headers });
    const pieces = [];
    for await (const event of eventsOf(answer.body)) {
      if (event.error) throw new ApiError(answer.status, event.error.message, event.error.code);
      if (event.type === "edit.progress") this.#step(event.step, event.share);
      else if (event.type === "edit.audio.delta") pieces.push(bytesOf(event.audio));
      else if (event.type === "edit.done") return { file: new Blob(pieces, { type: "audio/wav" }), edit: event };
    }
    throw new ApiError(answer.status);
  }

  #step(name, share) {
    if (!STEPS[name]) return;
    const [from, length] = STEPS[name];
    this.#find("progress").value = from + share * length;
    this.#find(".step").textContent = this.#desk.say(`editStep-${name}`);
  }

  // how it is told

  #busy(making) {
    this.#find(".progress").hidden = !making;
    for (const part of [this.#form, this.#find(".sources")]) part.inert = making;
  }

  /** Forget the recording, and whatever is done with it. */
  #drop() {
    this.#work.abort();
    this.#work = new AbortController();
    this.#audio.pause();
    URL.revokeObjectURL(this.#audio.src);
    this.#audio.removeAttribute("src");
    this.#sound = this.#heard = null;
    this.#player.clear();
    this.#form.hidden = true;
    this.#find(".busy").hidden = true;
    this.#tell("");
    this.#busy(false);
  }

  #words(error) {
    if (!(error instanceof ApiError)) console.warn(error);
    return error.sentence || this.#desk.say(error.status === 401 ? "keyNeeded" : "problem");
  }

  #tell(text) {
    const told = this.#find(".problem");
    told.textContent = text;
    told.hidden = text === "";
  }

  get #form() {
    return this.#find(".edit-text");
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

function shortened(text) {
  const signs = [...text];
  return signs.length > NAMED ? `${signs.slice(0, NAMED).join("")}…` : text;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}
