/** Decoded pictures that wait for their time, and the rule for when a reply may begin to sound. */

/** Sound to have in hand before a reply begins, in microseconds. */
export const SOUND_IN_HAND = 160_000;

/** How long sound waits for a picture that does not come, in milliseconds. */
export const PICTURE_PATIENCE = 1_000;

/** How long pictures wait for a sound that does not come, in milliseconds. */
export const SOUND_PATIENCE = 1_500;

/**
 * Whether a reply may begin.
 *
 * @param {{sound: number, ended: boolean, pictures: number, waited: number}} state microseconds of sound in hand,
 *   whether that is all of it, decoded pictures in hand, and milliseconds since the first of either came; `quiet` where
 *   no sound is to be expected.
 * @returns {"sound" | "wall" | null} what drives the clock, or null to go on waiting.
 */
export function mayBegin({ sound, ended, pictures, waited, quiet }) {
  const soundReady = sound > 0 && (ended || sound >= SOUND_IN_HAND);
  if (soundReady && (pictures > 0 || waited >= PICTURE_PATIENCE)) return "sound";
  if (sound === 0 && pictures > 0 && (ended || quiet || waited >= SOUND_PATIENCE)) return "wall";
  return null;
}

/**
 * The pictures of one generation, in order. Each is let go exactly once.
 *
 * @template {{pts: number}} Picture
 */
export class Jitter {
  /** Pictures that were not shown: a later one was due, or they came too late. */
  dropped = 0;

  #waiting = /** @type {Picture[]} */ ([]);
  #letGo;

  /** @param {(picture: Picture) => void} letGo called for each picture that will not be shown */
  constructor(letGo) {
    this.#letGo = letGo;
  }

  get length() {
    return this.#waiting.length;
  }

  /** The time of the first picture in hand, in microseconds; 0 where there is none. */
  get first() {
    return this.#waiting[0]?.pts ?? 0;
  }

  /**
   * A picture takes the place of those in hand that are of its own time or later: the reply went back to it.
   *
   * @param {Picture} picture
   */
  push(picture) {
    while (this.#waiting.length > 0 && this.#waiting[this.#waiting.length - 1].pts >= picture.pts) {
      this.#letGo(/** @type {Picture} */ (this.#waiting.pop()));
    }
    this.#waiting.push(picture);
  }

  /**
   * The newest picture that is due; older ones are let go and counted, and so is it where it comes too late.
   *
   * @param {number} position in microseconds
   * @param {number} patience how late a picture may be, in microseconds
   * @returns {Picture | null} null where none is due. The caller lets it go.
   */
  take(position, patience = Infinity) {
    let due = null;
    while (this.#waiting.length > 0 && this.#waiting[0].pts <= position) {
      if (due !== null) this.#drop(due);
      due = this.#waiting.shift() ?? null;
    }
    if (due === null || due.pts >= position - patience) return due;
    this.#drop(due);
    return null;
  }

  #drop(picture) {
    this.dropped += 1;
    this.#letGo(picture);
  }

  /** Let all pictures go. */
  clear() {
    this.#waiting.splice(0).forEach((picture) => this.#letGo(picture));
  }
}
