/**
 * Which words of a reply have been heard.
 *
 * The server sends words together with the sound that says them, so the amount of sound received when words arrive
 * tells when they begin. Between two such marks the words are taken to run evenly.
 */
export class Captions {
  #marks = /** @type {{at: number, length: number}[]} */ ([]);
  #length = 0;

  /** All words so far. */
  text = "";

  /**
   * The next words.
   *
   * @param {string} words
   * @param {number} at microseconds of sound received before them
   */
  push(words, at) {
    this.text += words;
    const last = this.#marks.at(-1);
    if (last !== undefined && at <= last.at) last.length += words.length;
    else this.#marks.push({ at, length: words.length });
  }

  /**
   * How much sound has been received.
   *
   * @param {number} length in microseconds
   */
  received(length) {
    this.#length = Math.max(this.#length, length);
  }

  /**
   * How many characters have been heard.
   *
   * @param {number} position microseconds of the reply that were heard
   */
  heard(position) {
    let count = 0;
    for (const [i, mark] of this.#marks.entries()) {
      const end = this.#marks[i + 1]?.at ?? Math.max(this.#length, mark.at + 1);
      const part = Math.min(1, Math.max(0, (position - mark.at) / (end - mark.at)));
      count += part * mark.length;
    }
    return Math.round(count);
  }
}
