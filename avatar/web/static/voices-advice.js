/** What there is to say of a recording while it goes on; a level for each block of 20 ms is enough to tell. */

export const BLOCK_S = 0.02;

/** Levels are in dB, of which 0 is a full scale. */
const SILENCE_DB = -50;
const FAINT_DB = -40;
const NOISY_DB = 15;
/** Speech is so much louder than the quietest that was heard lately. */
const ABOVE_NOISE_DB = 9;
/** The quietest is forgotten so slowly, in dB per block. */
const FORGOTTEN_DB = 0.06;
/** A gap within a word is speech, too. */
const GAP_S = 0.3;
/** A sample so near to the full scale was cut off. */
const FULL = 0.985;
/** Blocks cut off within the last seconds that are worth a word. */
const CUT_BLOCKS = 3;
const CUT_FADES = 0.995;
/** Seconds without speech that are worth a word, and seconds that an advice stays. */
const PATIENCE_S = 3;
const STAYS_S = 1.5;

export class Advisor {
  #enough;
  #noise = SILENCE_DB;
  #voice = SILENCE_DB;
  #cut = 0;
  #since = STAYS_S;
  #key = "";

  /** Seconds recorded, seconds of speech among them, and seconds since somebody spoke. */
  seconds = 0;
  speech = 0;
  quiet = 0;

  /** @param {number} enough seconds of speech from which on more is not needed; 0 where it does not matter */
  constructor(enough = 0) {
    this.#enough = enough;
  }

  /** The key of what there is to say now, "" where it is too early to tell. */
  get advice() {
    return this.#key;
  }

  /**
   * Take a block in.
   *
   * @param {number} level root mean square, 0..1
   * @param {number} peak the largest sample, 0..1
   */
  push(level, peak) {
    const decibels = 20 * Math.log10(level + 1e-6);
    this.#noise = this.seconds === 0 ? Math.min(decibels, FAINT_DB) : Math.min(decibels, this.#noise + FORGOTTEN_DB);
    this.seconds += BLOCK_S;
    const speaks = decibels > Math.max(SILENCE_DB, this.#noise + ABOVE_NOISE_DB);
    if (speaks) this.#voice += (decibels - this.#voice) * (this.speech < 1 ? 0.2 : 0.02);
    this.quiet = speaks ? 0 : this.quiet + BLOCK_S;
    if (speaks || (this.speech > 0 && this.quiet < GAP_S)) this.speech += BLOCK_S;
    this.#cut = this.#cut * CUT_FADES + (peak >= FULL ? 1 : 0);
    this.#say();
  }

  /** An advice is left to be read before the next takes its place. */
  #say() {
    this.#since += BLOCK_S;
    const key = this.#due();
    if (key === this.#key || this.#since < STAYS_S) return;
    this.#key = key;
    this.#since = 0;
  }

  #due() {
    if (this.#cut > CUT_BLOCKS) return "adviceLoud";
    if (this.quiet > PATIENCE_S) return this.speech > 0 ? "advicePause" : "adviceSilent";
    if (this.speech < 1) return "";
    if (this.#voice < FAINT_DB) return "adviceQuiet";
    if (this.#voice - this.#noise < NOISY_DB) return "adviceNoisy";
    return this.#enough > 0 && this.speech >= this.#enough ? "adviceEnough" : "adviceMore";
  }
}
