/**
 * The microphone's sound at 24 kHz, in signed 16-bit blocks of 20 ms.
 *
 * Message out: {pcm, level}, the block's buffer, transferred, and its root mean square in 0..1.
 */

import { Resampler } from "./resample.js";

const RATE = 24_000;
const BLOCK = 480;

class MicrophoneInput extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.energy = 0;
  }

  process(inputs) {
    const channel = inputs[0][0];
    if (channel !== undefined) this.resampler.push(channel).forEach((sample) => this.add(sample));
    return true;
  }

  add(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.block[this.filled] = Math.round(clipped * 32767);
    this.energy += clipped * clipped;
    this.filled += 1;
    if (this.filled === BLOCK) this.send();
  }

  send() {
    const level = Math.sqrt(this.energy / BLOCK);
    this.port.postMessage({ pcm: this.block.buffer, level }, [this.block.buffer]);
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.energy = 0;
  }
}

registerProcessor("microphone-input", MicrophoneInput);
