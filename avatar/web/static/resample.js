/**
 * Streaming change of the sample rate, for the microphone: a windowed sinc (Hann, 16 lobes each way) read from a table,
 * after J. O. Smith, "Digital Audio Resampling". Its cut-off lies below both rates' Nyquist frequencies.
 */

const LOBES = 16;
const PHASES = 512;

export class Resampler {
  #step;
  #reach;
  #scale;
  #table;
  #kept = new Float32Array(0);
  #next;

  /**
   * @param {number} from samples per second that come in
   * @param {number} to samples per second that go out
   */
  constructor(from, to) {
    this.#step = from / to;
    this.#scale = 0.92 * Math.min(1, to / from);
    this.#reach = Math.ceil(LOBES / this.#scale);
    this.#table = kernel();
    this.#next = this.#reach;
    this.#kept = new Float32Array(this.#reach);
  }

  /**
   * The next samples at the new rate. What cannot be computed yet waits for the next call.
   *
   * @param {Float32Array} samples any number, mono
   * @returns {Float32Array}
   */
  push(samples) {
    const input = new Float32Array(this.#kept.length + samples.length);
    input.set(this.#kept);
    input.set(samples, this.#kept.length);
    const count = Math.max(0, Math.ceil((input.length - this.#reach - this.#next) / this.#step));
    const output = new Float32Array(count);
    for (let i = 0; i < count; i += 1) output[i] = this.#at(input, this.#next + i * this.#step);
    this.#next += count * this.#step;
    const passed = Math.max(0, Math.floor(this.#next) - this.#reach);
    this.#kept = input.slice(passed);
    this.#next -= passed;
    return output;
  }

  /** The signal between the samples, at one place. */
  #at(input, place) {
    const first = Math.max(0, Math.ceil(place - this.#reach));
    const last = Math.min(input.length - 1, Math.floor(place + this.#reach));
    let sum = 0;
    for (let i = first; i <= last; i += 1) {
      const distance = Math.abs(place - i) * this.#scale * PHASES;
      sum += input[i] * (this.#table[Math.round(distance)] ?? 0);
    }
    return sum * this.#scale;
  }
}

/** Half of the kernel, PHASES values for each lobe. */
function kernel() {
  const table = new Float32Array(LOBES * PHASES + 1);
  for (let i = 0; i < table.length; i += 1) {
    const x = i / PHASES;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    table[i] = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / LOBES));
  }
  return table;
}
