/**
 * The end of the line for the persona's sound: an AudioWorklet that plays blocks of PCM and counts what it played.
 *
 * It holds the sound of one generation at a time. Messages in:
 *   {type: "begin", generation}                 a reply; what was left of the one before is faded out
 *   {type: "sound", generation, pcm, end}       Int16Array buffer of the next samples; `end` where no more follow
 *   {type: "play"}                              start the reply
 *   {type: "hold"}                              fade out and stand still; what fades is played again afterwards
 *   {type: "resume"}                            go on from where it stood
 *   {type: "drop"}                              fade out and forget the sound in hand
 * Message out, every QUANTA blocks and at each change of state:
 *   {generation, state, played, queued, anchor, rms}
 * where `anchor` is the context's time at which the first sample was, or would have been, played.
 */

/** Fade of sound that is cut off, or held: 15 ms. */
const FADE_SECONDS = 0.015;

/** Fade of sound that comes back: 5 ms. */
const RISE_SECONDS = 0.005;

/** After the sound ran dry, gather this much before going on: twice as much each time, so that pauses become few. */
const REFILL_SECONDS = 0.12;
const MOST_REFILL_SECONDS = 1;

/** Blocks of 128 samples between two reports: about 21 ms at 24 kHz. */
const QUANTA = 4;

class SpeechOutput extends AudioWorkletProcessor {
  constructor() {
    super();
    this.fade = Math.round(FADE_SECONDS * sampleRate);
    this.tail = new Float32Array(0);
    this.energy = 0;
    this.counted = 0;
    this.quanta = 0;
    this.empty(0);
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  /** Forget everything of the reply. */
  empty(generation) {
    this.generation = generation;
    this.blocks = [];
    this.offset = 0;
    this.queued = 0;
    this.played = 0;
    this.anchor = 0;
    this.complete = false;
    this.refill = Math.round(REFILL_SECONDS * sampleRate);
    this.state = "holding";
    this.held = false;
    this.rising = 0;
  }

  receive(message) {
    if (message.type === "begin") {
      this.cutOff();
      this.empty(message.generation);
    } else if (message.type === "sound" && message.generation === this.generation && this.state !== "dropped") {
      this.append(new Int16Array(message.pcm), message.end);
    } else if (message.type === "play" && this.state === "holding") {
      this.go();
    } else if (message.type === "hold" && !this.held) {
      if (this.state === "playing") this.tail = this.fading();
      this.held = true;
    } else if (message.type === "resume" && this.held) {
      this.held = false;
      this.rising = Math.round(RISE_SECONDS * sampleRate);
      this.anchor = currentTime - this.played / sampleRate;
    } else if (message.type === "drop") {
      this.cutOff();
      this.state = "dropped";
    }
    this.report();
  }

  append(samples, end) {
    if (samples.length > 0) this.blocks.push(samples);
    this.queued += samples.length;
    this.complete ||= end;
    if (this.state === "starved" && (this.complete || this.queued >= this.refill)) {
      this.refill = Math.min(2 * this.refill, MOST_REFILL_SECONDS * sampleRate);
      this.go();
    }
  }

  /** Play from the next block on. */
  go() {
    this.state = "playing";
    this.anchor = currentTime - this.played / sampleRate;
  }

  /** Keep the next few milliseconds, fading, and let go of the rest. */
  cutOff() {
    if (this.state === "playing" && !this.held) this.tail = this.fading();
    this.blocks = [];
    this.offset = 0;
    this.queued = 0;
  }

  /** The next few milliseconds, fading; they stay in the queue. */
  fading() {
    const { blocks, offset, queued } = this;
    this.blocks = [...blocks];
    const tail = new Float32Array(this.fade);
    const taken = this.read(tail);
    for (let i = 0; i < taken; i += 1) tail[i] *= 1 - i / taken;
    Object.assign(this, { blocks, offset, queued });
    return tail.subarray(0, taken);
  }

  /** Fill `target` from the queue; how many samples there were. */
  read(target) {
    let count = 0;
    while (count < target.length && this.blocks.length > 0) {
      const block = this.blocks[0];
      const taken = Math.min(target.length - count, block.length - this.offset);
      for (let i = 0; i < taken; i += 1) target[count + i] = block[this.offset + i] / 32768;
      count += taken;
      this.offset += taken;
      if (this.offset === block.length) {
        this.blocks.shift();
        this.offset = 0;
      }
    }
    this.queued -= count;
    return count;
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    const before = this.state;
    if (this.state === "playing" && !this.held) this.play(out);
    this.addTail(out);
    for (const sample of out) this.energy += sample * sample;
    this.counted += out.length;
    this.quanta += 1;
    if (this.quanta >= QUANTA || this.state !== before) this.report();
    return true;
  }

  play(out) {
    const count = this.read(out);
    this.played += count;
    for (let i = 0; i < count && this.rising > 0; i += 1) {
      out[i] *= 1 - this.rising / (RISE_SECONDS * sampleRate);
      this.rising -= 1;
    }
    if (count < out.length) this.state = this.complete ? "ended" : "starved";
  }

  addTail(out) {
    const count = Math.min(out.length, this.tail.length);
    for (let i = 0; i < count; i += 1) out[i] += this.tail[i];
    this.tail = this.tail.subarray(count);
  }

  report() {
    const rms = this.counted > 0 ? Math.sqrt(this.energy / this.counted) : 0;
    const { generation, played, queued, anchor } = this;
    const state = this.held && this.state === "playing" ? "held" : this.state;
    this.port.postMessage({ generation, state, played, queued, anchor, rms });
    this.energy = 0;
    this.counted = 0;
    this.quanta = 0;
  }
}

registerProcessor("speech-output", SpeechOutput);
