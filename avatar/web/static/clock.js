/**
 * The one clock that sound and pictures share.
 *
 * Its position is a time within the reply, in microseconds. It runs on wall time, given by the caller in milliseconds,
 * and is steered towards what is measured: the sound that was heard, or, where nothing sounds, the pictures as they
 * arrive. Small errors are worn down over a few measurements, so that the pictures stay even; a large one is taken
 * over at once.
 */
export class Clock {
  /** How much of an error a measurement takes away for each STEP since the one before, in milliseconds. */
  static GAIN = 0.1;
  static STEP = 1000 / 60;

  /** While sound drives the clock, an error that is not worn down but jumped, in microseconds. */
  static JUMP = 50_000;

  #origin = null;
  #limit = Infinity;
  #latest = -Infinity;
  #heldAt = null;
  #steeredAt = -Infinity;

  /** Whether the clock has been started. */
  get running() {
    return this.#origin !== null;
  }

  /** Stop, and forget the position. */
  reset() {
    this.#origin = null;
    this.#limit = Infinity;
    this.#latest = -Infinity;
    this.#heldAt = null;
  }

  /**
   * Stand still.
   *
   * @param {number} now in milliseconds
   */
  hold(now) {
    this.#heldAt ??= now;
  }

  /**
   * Go on from where it stood.
   *
   * @param {number} now in milliseconds
   */
  resume(now) {
    if (this.#heldAt !== null && this.#origin !== null) this.#origin -= (now - this.#heldAt) * 1000;
    this.#heldAt = null;
  }

  /**
   * Run from a position.
   *
   * @param {number} position in microseconds; below zero where the first sound is still on its way to the ear.
   * @param {number} now in milliseconds
   */
  start(position, now) {
    this.reset();
    this.#origin = position - now * 1000;
    this.#steeredAt = now;
  }

  /**
   * Steer towards a measured position.
   *
   * @param {number} measured in microseconds
   * @param {number} now in milliseconds
   * @param {number} tolerance error above which the measurement is taken over at once, in microseconds
   */
  steer(measured, now, tolerance = Clock.JUMP) {
    if (this.#origin === null || this.#heldAt !== null) return;
    const error = measured - (this.#origin + now * 1000);
    const jump = Math.abs(error) > tolerance;
    const kept = (1 - Clock.GAIN) ** Math.max(1, (now - this.#steeredAt) / Clock.STEP);
    this.#origin += jump ? error : error * (1 - kept);
    this.#steeredAt = now;
    if (jump) this.#latest = -Infinity;
  }

  /**
   * Do not go beyond a position: the sound has run dry there.
   *
   * @param {number} position in microseconds; Infinity lets the clock go on.
   */
  limit(position) {
    this.#limit = position;
  }

  /**
   * The time within the reply. It never runs backwards, except by a jump.
   *
   * @param {number} now in milliseconds
   * @returns {number} microseconds; -Infinity before the start.
   */
  position(now) {
    if (this.#origin === null) return -Infinity;
    this.#latest = Math.max(this.#latest, Math.min(this.#origin + (this.#heldAt ?? now) * 1000, this.#limit));
    return this.#latest;
  }
}
