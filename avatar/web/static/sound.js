/** The persona's sound as the page sees it: an audio context, its worklet, and where in the reply the listener is. */

export const SPEECH_RATE = 24_000;

const MICROSECONDS = 1_000_000 / SPEECH_RATE;

export class Sound {
  /** Microseconds of the reply's sound received. */
  received = 0;

  /** Whether all of the reply's sound was received. */
  complete = false;

  /** Samples played since the page was opened. */
  samplesPlayed = 0;

  #context = null;
  #volume = null;
  #node = null;
  #waiting = [];
  #report = { generation: 0, state: "holding", played: 0, queued: 0, anchor: 0, rms: 0 };
  #generation = 0;
  #playedBefore = 0;
  #muted = false;

  /** Whether this page may play sound the way we do it: only over https, or on this machine. */
  static get available() {
    return globalThis.isSecureContext && typeof AudioWorkletNode === "function";
  }

  /** "holding", "playing", "held", "starved", "ended" or "dropped"; of the present reply. */
  get state() {
    return this.#report.generation === this.#generation ? this.#report.state : "holding";
  }

  /** Root mean square of the last 20 ms that were played, 0..1. */
  get rms() {
    return this.#context?.state === "running" ? this.#report.rms : 0;
  }

  /**
   * Allow sound. Browsers want this within a click or a key press; before one, it waits for the next call that is.
   *
   * @returns {Promise<boolean>} whether there is sound now
   */
  async unlock() {
    if (!Sound.available) return false;
    const context = (this.#context ??= this.#open());
    await context.resume().catch(() => {}); // closed while it waited
    return context.state === "running";
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#muted = muted;
    if (this.#volume !== null) this.#volume.gain.value = muted ? 0 : 1;
  }

  /**
   * A reply begins; the sound of the one before is faded out.
   *
   * @param {number} generation
   */
  begin(generation) {
    this.#playedBefore = this.samplesPlayed;
    this.#generation = generation;
    this.received = 0;
    this.complete = false;
    this.#send({ type: "begin", generation });
  }

  /**
   * The reply's next sound.
   *
   * @param {Uint8Array} pcm signed 16-bit little-endian, mono, SPEECH_RATE
   * @param {boolean} end whether it is the last
   */
  push(pcm, end) {
    const copy = pcm.slice(0, pcm.byteLength & ~1);
    this.received += (copy.byteLength / 2) * MICROSECONDS;
    this.complete ||= end;
    this.#send({ type: "sound", generation: this.#generation, pcm: copy.buffer, end }, [copy.buffer]);
  }

  /** Start the reply. */
  play() {
    this.#send({ type: "play" });
  }

  /** Fade out and stand still. */
  hold() {
    this.#send({ type: "hold" });
  }

  /** Go on from where it stood. */
  resume() {
    this.#send({ type: "resume" });
  }

  /** Break the reply's sound off. */
  drop() {
    this.complete = true;
    this.#send({ type: "drop" });
  }

  /** Microseconds of the reply that left for the loudspeaker. */
  get played() {
    return this.#report.generation === this.#generation ? this.#report.played * MICROSECONDS : 0;
  }

  /** Microseconds between a sample's leaving the worklet and its being heard. */
  get latency() {
    const seconds = (this.#context?.baseLatency ?? 0) + (this.#context?.outputLatency ?? 0);
    return seconds * 1_000_000;
  }

  /** What is being heard, in microseconds of the reply; below zero while the first sound is on its way. */
  get position() {
    const context = this.#context;
    if (context === null || this.#report.generation !== this.#generation) return 0;
    if (this.state !== "playing") return this.played;
    return (context.currentTime - this.#report.anchor) * 1_000_000 - this.latency;
  }

  async close() {
    await this.#context?.close();
    this.#context = null;
    this.#node = null;
  }

  #open() {
    const context = new AudioContext({ sampleRate: SPEECH_RATE, latencyHint: "interactive" });
    this.#volume = new GainNode(context, { gain: this.#muted ? 0 : 1 });
    this.#volume.connect(context.destination);
    void this.#load(context);
    return context;
  }

  async #load(context) {
    await context.audioWorklet.addModule(new URL("./audio-worklet.js", import.meta.url));
    if (this.#context !== context) return;
    const node = new AudioWorkletNode(context, "speech-output", {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    node.port.onmessage = ({ data }) => this.#onReport(data);
    node.connect(this.#volume);
    this.#node = node;
    this.#waiting.splice(0).forEach(([message, transfer]) => node.port.postMessage(message, transfer));
  }

  #onReport(report) {
    this.#report = report;
    if (report.generation === this.#generation) this.samplesPlayed = this.#playedBefore + report.played;
  }

  /** To the worklet, or, until it is loaded, into a list; a new reply makes what waits there void. */
  #send(message, transfer = []) {
    if (this.#node !== null) {
      this.#node.port.postMessage(message, transfer);
      return;
    }
    if (message.type === "begin") this.#waiting = [];
    this.#waiting.push([message, transfer]);
  }
}
