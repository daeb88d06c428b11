/** A recording made on the page: one button, a meter, and advice while it goes on; silence at its end ends it. */

import { Microphone, MicrophoneError } from "./microphone.js";
import { make } from "./view.js";
import { Advisor } from "./voices-advice.js";
import { wav } from "./voices-wav.js";

/** As the person sounds: what makes a call clear takes from a voice what is to be cloned. */
const UNTOUCHED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

const REASONS = { denied: "micRefused", absent: "micNone", busy: "micInUse", insecure: "micNotSafe" };

/** The meter's left end, in dB below a full scale. */
const METER_DB = 54;
/** Blocks of 20 ms between two looks of the meter. */
const SHOWN_EVERY = 5;

export class Recorder {
  #desk;
  #limits;
  #done;
  #microphone = null;
  #blocks = [];
  #advisor = null;
  #button = make("button", "first record");
  #meter = make("span", "meter");
  #bar = make("i");
  #time = make("span", "time");
  #spoken = make("span", "spoken");
  #advice = make("p", "advice");

  /**
   * @param {import("./personas-desk.js").Desk} desk
   * @param {{most: number, enough?: number, least: number, silence: number}} limits seconds: of the longest
   *   recording; of speech that are enough; of speech, and of silence after it, with which it ends by itself
   * @param {(recording: Blob) => void} done takes it
   */
  constructor(desk, limits, done) {
    this.#desk = desk;
    this.#limits = limits;
    this.#done = done;
    this.element = make("div", "recorder");
    this.#button.type = "button";
    this.#button.addEventListener("click", () => void (this.#microphone ? this.stop() : this.#start()));
    this.#meter.setAttribute("role", "meter");
    this.#meter.setAttribute("aria-valuemin", "0");
    this.#meter.setAttribute("aria-valuemax", "100");
    this.#meter.append(this.#bar);
    this.#advice.setAttribute("role", "status");
    this.element.append(this.#button, this.#meter, this.#time, this.#advice, this.#spoken);
    this.#level(0);
    this.speak();
  }

  speak() {
    this.#button.textContent = this.#desk.say(this.#microphone ? "recordStop" : "record");
    this.#meter.setAttribute("aria-label", this.#desk.say("level"));
  }

  set disabled(value) {
    this.#button.disabled = value;
  }

  focus() {
    this.#button.focus({ preventScroll: true });
  }

  /** End it, and hand over what was recorded. */
  stop() {
    const blocks = this.#blocks;
    this.clear();
    if (blocks.length > 0) this.#done(wav(blocks));
  }

  /** End it without a recording. */
  clear() {
    const open = this.#microphone;
    this.#microphone = null;
    this.#blocks = [];
    open?.close();
    this.element.classList.remove("recording");
    this.#level(0);
    for (const told of [this.#time, this.#spoken, this.#advice]) told.textContent = "";
    this.speak();
  }

  async #start() {
    const microphone = new Microphone((pcm) => this.#take(microphone, pcm), () => this.stop(), UNTOUCHED);
    this.#microphone = microphone;
    this.#blocks = [];
    this.#advisor = new Advisor(this.#limits.enough);
    this.#advice.textContent = "";
    this.element.classList.add("recording");
    this.speak();
    try {
      await microphone.open();
      if (this.#microphone !== microphone) microphone.close();
    } catch (error) {
      this.clear();
      if (!(error instanceof MicrophoneError)) throw error;
      this.#advice.textContent = this.#desk.say(REASONS[error.reason]);
    }
  }

  /** A block has come; those of silence that the microphone sends when it closes are not taken. */
  #take(microphone, pcm) {
    if (this.#microphone !== microphone) return;
    const { level } = microphone;
    const advisor = this.#advisor;
    this.#blocks.push(pcm);
    advisor.push(level, peakOf(pcm));
    if (this.#blocks.length % SHOWN_EVERY === 0) this.#show(level);
    const over = advisor.speech >= this.#limits.least && advisor.quiet >= this.#limits.silence;
    if (over || advisor.seconds >= this.#limits.most) this.stop();
  }

  #show(level) {
    const { seconds, speech, advice } = this.#advisor;
    this.#level(Math.round(100 + (20 * Math.log10(level + 1e-5) * 100) / METER_DB));
    this.#time.textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    const spoken = { seconds: Math.floor(speech) };
    this.#spoken.textContent = this.#limits.enough ? this.#desk.say("speechSoFar", spoken) : "";
    const said = advice && this.#desk.say(advice);
    if (this.#advice.textContent !== said) this.#advice.textContent = said;
  }

  #level(percent) {
    const shown = Math.max(0, Math.min(100, percent));
    this.#bar.style.width = `${shown}%`;
    this.#meter.setAttribute("aria-valuenow", String(shown));
  }
}

/** The largest sample of a block of 16 bits, 0..1. */
function peakOf(pcm) {
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.byteLength / 2);
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) / 32_768;
}
