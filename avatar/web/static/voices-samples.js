/** The recordings that a voice is to be made of: recorded or chosen, listened to, and what there is to say of them. */

import { inLanguage, translate } from "./i18n.js";
import { make } from "./view.js";
import { Recorder } from "./voices-recorder.js";

/** Half a minute of speech is enough and more is welcome; whoever has read the text and is silent then has finished. */
const LIMITS = { most: 300, enough: 30, least: 25, silence: 4 };

/** What can be read aloud, written for this: many different sounds, in an even tone. */
const TEXTS = {
  zh:
    "那天早晨我很早就出门了。" +
    "河上还有一层薄雾，船家在岸边生火煮粥，远处传来几声鸟叫。" +
    "我沿着石板路慢慢往前走，碰见卖菜的老人，他笑着问我要不要买一把青葱。" +
    "我说不用，只想看看日出。" +
    "太阳从山后升起来的时候，整条街忽然亮了，窗户一扇接一扇地打开，孩子们背着书包跑过桥去。" +
    "我想，平常的日子大约就是这样，安静，却叫人舍不得。",
  en:
    "I left the house very early that morning. A thin mist was still lying on the river, a boatman was cooking " +
    "porridge over a small fire, and a few birds called from the other bank. I walked slowly along the stone " +
    "road and met an old man with a cart of vegetables, who asked me, smiling, whether I would buy some " +
    "onions. No, I said, I only wish to see the sun rise. When it came up behind the hills, the whole street " +
    "was suddenly bright, one window after another was opened, and children ran across the bridge to school.",
};

/** Findings that say themselves how much speech there is. */
const COUNTED = ["too_short", "no_speech", "only_music", "little_speech", "short"];

const MARKUP = `
<h3 data-text="samplesStep"></h3>
<small class="hint"></small>
<p class="reading-text"></p>
<div class="recorder-place"></div>
<label class="second upload-some"><input type="file" class="hidden-input" accept="audio/*,video/webm,.m4a" multiple>
  <span data-text="chooseFiles"></span></label>
<ul class="sample-list"></ul>
<p class="busy" role="status" hidden><i aria-hidden="true"></i><span data-text="checking"></span></p>
<ul class="findings" aria-live="polite"></ul>
<p class="told problem" role="alert" hidden></p>
<div class="row"><button type="button" class="first make" data-text="makeVoice" hidden></button>
  <button type="button" class="second check-again" data-text="checkAgain" hidden></button></div>`;

export class SampleShelf {
  #element;
  #desk;
  #recorder;
  #samples = [];
  #consent = "";
  #compared = false;
  #report = null;
  #looking = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {import("./personas-desk.js").Desk} desk
   * @param {() => void} go the voice is to be made
   */
  constructor(element, desk, go) {
    this.#element = element;
    this.#desk = desk;
    element.innerHTML = MARKUP;
    this.#recorder = new Recorder(desk, LIMITS, (sound) => this.#add([sound]));
    this.#find(".recorder-place").append(this.#recorder.element);
    const files = this.#find(".upload-some input");
    files.addEventListener("change", () => {
      this.#add([...files.files]);
      files.value = "";
    });
    this.#find(".make").addEventListener("click", go);
    this.#find(".check-again").addEventListener("click", () => void this.#check());
  }

  /**
   * @param {string} consent
   * @param {boolean} compared whether there is a statement whose speaker the samples are compared with
   * @param {"zh" | "en"} language that is spoken
   */
  show(consent, compared, language) {
    this.#consent = consent;
    this.#compared = compared;
    const text = this.#find(".reading-text");
    text.textContent = TEXTS[language];
    text.lang = language === "zh" ? "zh-CN" : "en";
    text.hidden = !compared;
    const ways = [this.#find(".recorder-place"), this.#find(".upload-some")];
    text.after(...(compared ? ways : ways.reverse()));
    this.#draw();
    if (compared) this.#recorder.focus();
    else this.#find(".upload-some input").focus({ preventScroll: true });
  }

  clear() {
    this.#looking.abort();
    this.#recorder.clear();
    for (const { address } of this.#samples.splice(0)) URL.revokeObjectURL(address);
    this.#report = null;
    this.tell("");
    this.#draw();
  }

  speak() {
    translate(this.#element, this.#desk.language);
    this.#recorder.speak();
    this.#draw();
  }

  set disabled(value) {
    this.#element.inert = value;
    if (!value && !this.#element.hidden) this.#find(".make").focus({ preventScroll: true });
  }

  /** The recordings as a form. */
  form() {
    return formOf(this.#samples.map(({ sound }) => sound));
  }

  /** Say what is wrong; nothing with "". */
  tell(text) {
    const told = this.#find(".problem");
    told.textContent = text;
    told.hidden = text === "";
  }

  #add(sounds) {
    this.#samples.push(...sounds.map((sound) => ({ sound, address: URL.createObjectURL(sound) })));
    void this.#check();
  }

  #remove(sample) {
    URL.revokeObjectURL(sample.address);
    this.#samples.splice(this.#samples.indexOf(sample), 1);
    void this.#check();
  }

  /** Ask the server what there is to say of them; an answer about an older list is not waited for. */
  async #check() {
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#report = null;
    this.tell("");
    this.#draw();
    if (this.#samples.length === 0) return;
    const form = this.form();
    if (this.#compared) form.set("consent", this.#consent);
    try {
      this.#report = await this.#desk.ask("POST", "/v1/avatar/voices/check", form, { signal });
    } catch (error) {
      if (!signal.aborted) this.tell(error.sentence || this.#desk.say("problem"));
    }
    if (!signal.aborted) this.#draw();
  }

  #draw() {
    this.#find(".hint").textContent = this.#desk.say(this.#compared ? "samplesHint" : "samplesOfOld");
    this.#find(".sample-list").replaceChildren(...this.#samples.map((sample, i) => this.#row(sample, i + 1)));
    this.#find(".findings").replaceChildren(...this.#told());
    const unknown = this.#samples.length > 0 && this.#report === null;
    const failed = !this.#find(".problem").hidden;
    this.#find(".busy").hidden = !unknown || failed;
    this.#find(".check-again").hidden = !unknown || !failed;
    this.#find(".make").hidden = !this.#report?.usable;
  }

  #row(sample, number) {
    const item = make("li", "sample");
    const name = sample.sound.name ?? this.#desk.say("recordingNamed", { number });
    const player = make("audio");
    player.controls = true;
    player.src = sample.address;
    player.setAttribute("aria-label", name);
    const remove = make("button", "round", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `${this.#desk.say("removeSample")}: ${name}`);
    remove.addEventListener("click", () => this.#remove(sample));
    item.append(make("span", "sample-name", name), player, remove);
    return item;
  }

  #told() {
    if (!this.#report) return [];
    const { findings, measures, consent, usable } = this.#report;
    const lines = findings.map(({ weight, text }) => make("li", weight, inLanguage(text, this.#desk.language)));
    const seconds = this.#desk.say("speechFound", { seconds: Math.round(measures.speech_s) });
    const fine = usable && findings.every(({ weight }) => weight === "note");
    const counted = findings.some(({ code }) => COUNTED.includes(code));
    const first = [fine ? this.#desk.say("samplesFine") : "", counted ? "" : seconds].join(" ").trim();
    if (first) lines.unshift(make("li", fine ? "fine" : "", first));
    if (consent?.same) lines.push(make("li", "fine", this.#desk.say("samePerson")));
    else if (consent) lines.push(make("li", "error", this.#desk.say("notSamePerson")));
    return lines;
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

function formOf(sounds) {
  const form = new FormData();
  for (const [i, sound] of sounds.entries()) form.append("audio_sample", sound, sound.name ?? `recording-${i + 1}.wav`);
  return form;
}
