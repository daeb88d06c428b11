/** The user's microphone, with the browser's echo cancellation, as blocks of PCM. */

/** Silence sent after muting, so that the server hears the end of what was said: 1 s in blocks of 20 ms. */
const CLOSING_BLOCKS = 50;

const BLOCK_BYTES = 960;

/** Why there is no microphone: "insecure", "denied", "absent" or "busy". */
export class MicrophoneError extends Error {
  /** @param {"insecure" | "denied" | "absent" | "busy"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** What a failed getUserMedia means (W3C Media Capture and Streams, 10.2). */
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
};

/** For a conversation: the digital human's own voice is not to be heard again. */
const CONVERSATION = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export class Microphone {
  #onBlock;
  #onEnded;
  #audio;
  #stream = null;
  #context = null;

  /** Root mean square of the last block, 0..1. */
  level = 0;

  /**
   * @param {(pcm: Uint8Array) => void} onBlock each 20 ms, signed 16-bit little-endian at 24 kHz
   * @param {() => void} onEnded the device was unplugged or taken away
   * @param {MediaTrackConstraints} audio how it is to sound
   */
  constructor(onBlock, onEnded = () => {}, audio = CONVERSATION) {
    this.#onBlock = onBlock;
    this.#onEnded = onEnded;
    this.#audio = audio;
  }

  get isOpen() {
    return this.#stream !== null;
  }

  /**
   * Ask for the microphone and begin to listen. To be called within a click or a key press.
   *
   * @throws {MicrophoneError}
   */
  async open() {
    if (this.isOpen) return;
    const stream = await capture(this.#audio);
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#stream = stream;
    this.#context = context;
    stream.getAudioTracks()[0].onended = () => this.#lost();
    await context.audioWorklet.addModule(new URL("./microphone-worklet.js", import.meta.url));
    if (this.#context !== context) return;
    const node = new AudioWorkletNode(context, "microphone-input", { numberOfOutputs: 0, channelCount: 1,
      channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => this.#onMessage(data);
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(node);
    await context.resume();
  }

  /** Stop listening and give the microphone back. */
  close() {
    if (!this.isOpen) return;
    this.#stream.getTracks().forEach((track) => track.stop());
    void this.#context.close();
    this.#stream = null;
    this.#context = null;
    this.level = 0;
    for (let i = 0; i < CLOSING_BLOCKS; i += 1) this.#onBlock(new Uint8Array(BLOCK_BYTES));
  }

  #onMessage({ pcm, level }) {
    if (!this.isOpen) return;
    this.level = level;
    this.#onBlock(new Uint8Array(pcm));
  }

  #lost() {
    this.close();
    this.#onEnded();
  }
}

async function capture(audio) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) throw new MicrophoneError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new MicrophoneError(REASONS[error.name] ?? "busy");
  }
}
