/**
 * Shows the face and plays the voice, in time with each other.
 *
 * Each generation (a reply, and the quiet after it) has a timeline of its own. It begins when enough sound and the first
 * picture are in hand; while it sounds, the sound drives its clock; afterwards wall time does, steered so that pictures
 * wait a little before they are shown. Late pictures are left out, sound never. While a reply stands still, held or dry of
 * sound, pictures that wait with it come instead, and are shown as they come.
 */

import { Clock } from "./clock.js";
import { Jitter, mayBegin } from "./jitter.js";
import { Kind, isNewer } from "./packet.js";
import { Sound } from "./sound.js";

/** How long pictures wait where no sound times them, in microseconds. */
const QUIET_DELAY = 150_000;

/** In quiet, an error of the clock that is jumped, in microseconds. */
const QUIET_JUMP = 500_000;

/** While a reply sounds, a picture whose own time is over is not shown: a still mouth beats one that lags. */
const MOST_LATE = 40_000;

/** Half of a picture's time on screen, in microseconds. */
const HALF_FRAME = 20_000;

const NO_SOUND = new Uint8Array(0);

/** What the page's decoder can be asked to decode. */
export async function bestCodec() {
  if (typeof VideoDecoder !== "function") return "jpeg";
  const { supported } = await VideoDecoder.isConfigSupported({ codec: "avc1.42c01e" });
  return supported ? "h264" : "jpeg";
}

/** The end of a reply that never sounded: the face goes on as it was. */
function isNothing({ kind, payload }) {
  return kind === Kind.SPEECH && payload.length === 0;
}

/** One generation: its pictures, its clock, and what drives the clock. */
class Timeline {
  clock = new Clock();

  /** "waiting", "sound" or "wall". */
  driver = "waiting";

  /** Whether its sound drives the clock already; not yet at its beginning, and not after it ran dry. */
  steered = false;

  /** When its first sound or picture came, in milliseconds. */
  firstAt = null;

  /** Pictures before this time are not shown; Infinity: none of those that have come. In microseconds. */
  from = -Infinity;

  constructor(generation, letGo) {
    this.generation = generation;
    this.pictures = new Jitter(letGo);
  }
}

export class Player {
  sound = new Sound();

  #canvas;
  #context;
  #worker;
  #callbacks;
  #stream = 0;
  #silenced = null;
  #held = false;
  #previous = null;
  #present;
  #shown = 0;
  #dropped = 0;
  #skews = [];
  #ticked = 0;
  #timer;
  #closed = false;

  /**
   * @param {HTMLCanvasElement} canvas takes on the size of the pictures
   * @param {{onKeyFrameNeeded?: () => void, onPicture?: () => void}} callbacks `onPicture` at each picture shown
   */
  constructor(canvas, callbacks = {}) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#callbacks = callbacks;
    this.#worker = new Worker(new URL("./decoder-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#onWorker(data);
    this.#present = this.#timeline(0);
    this.#timer = setInterval(() => this.#tickIfHidden(), 200);
    this.#loop();
  }

  /** The generation that is shown, or about to be. */
  get generation() {
    return this.#present.generation;
  }

  /** "waiting" for a reply to begin, "speaking", "held", "starved" of sound, or "quiet". */
  get state() {
    if (this.#held) return "held";
    if (this.#present.driver === "wall") return "quiet";
    if (this.#present.driver === "waiting") return this.sound.received > 0 ? "waiting" : "quiet";
    return this.sound.state === "starved" ? "starved" : "speaking";
  }

  /** How much of the present reply was heard, in microseconds. */
  get heard() {
    return Math.max(0, Math.min(this.sound.position, this.sound.played));
  }

  /** Allow sound; to be called within a click or a key press. */
  unlock() {
    return this.sound.unlock();
  }

  /** A new session: its generations count from here. */
  restart(generation = 0) {
    this.#leavePrevious();
    this.#present.pictures.clear();
    this.#present = this.#timeline(generation);
    this.#stream += 1;
    this.#silenced = null;
    this.#held = false;
    this.sound.begin(generation);
    this.#announce();
  }

  /**
   * A packet from the socket (see packet.js). Packets of an older generation are ignored.
   *
   * @param {NonNullable<ReturnType<typeof import("./packet.js").readPacket>>} packet
   */
  receive(packet) {
    if (isNewer(packet.generation, this.generation) && isNothing(packet)) return;
    if (isNewer(packet.generation, this.generation)) this.#advance(packet.generation);
    if (packet.generation !== this.generation) return;
    this.#present.firstAt ??= performance.now();
    const silenced = packet.generation === this.#silenced;
    if (packet.kind === Kind.SPEECH) this.sound.push(silenced ? NO_SOUND : packet.payload, silenced || packet.end);
    else if (packet.kind === Kind.H264 || packet.kind === Kind.JPEG) this.#receivePicture(packet);
  }

  /**
   * Let a reply stand still: its sound fades out, its clock and its pictures wait.
   *
   * @param {number} generation the reply's
   */
  hold(generation = this.generation) {
    if (generation !== this.generation || generation === this.#silenced || this.#held) return;
    this.#held = true;
    this.sound.hold();
    this.#present.clock.hold(performance.now());
    this.#present.pictures.clear();
  }

  /** Go on from where the reply stood; nothing, where it was not held. */
  resume() {
    if (!this.#held) return;
    this.#held = false;
    this.sound.resume();
    this.#present.clock.resume(performance.now());
  }

  /**
   * Break a reply off: silence at once; the face goes on.
   *
   * @param {number} generation the reply's; its sound that is still on the way will not be played either
   */
  stop(generation = this.generation) {
    this.#silenced = generation;
    if (generation !== this.generation) return;
    if (this.#present.driver === "waiting" && this.sound.received === 0) return;
    this.sound.drop();
    this.resume();
    if (!this.#present.clock.running) this.#present.clock.start(0, performance.now());
    this.#present.clock.limit(Infinity);
    this.#present.driver = "wall";
    this.#fallSilent(this.#present);
    this.#leavePrevious();
  }

  /** Figures for tests and for whoever looks. */
  stats() {
    const skew = this.#skews.reduce((sum, value) => sum + value, 0) / Math.max(1, this.#skews.length);
    return {
      state: this.state,
      generation: this.generation,
      samplesPlayed: this.sound.samplesPlayed,
      rms: this.sound.rms,
      framesShown: this.#shown,
      framesDropped: this.#dropped + this.#present.pictures.dropped,
      /** Sound heard minus the middle of the picture on screen; mean of the last second. */
      skewMs: skew / 1000,
      /** Time within the generation; null before it begins. */
      positionMs: this.#present.clock.running ? this.#present.clock.position(performance.now()) / 1000 : null,
      soundReceivedMs: this.sound.received / 1000,
      picturesWaiting: this.#present.pictures.length,
      outputLatencyMs: this.sound.latency / 1000,
    };
  }

  async close() {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#worker.terminate();
    this.#leavePrevious();
    this.#present.pictures.clear();
    await this.sound.close();
  }

  #timeline(generation) {
    return new Timeline(generation, (picture) => this.#letGo(picture));
  }

  /** The pictures in hand speak what will not be heard: go on with the next that comes. */
  #fallSilent(timeline) {
    timeline.pictures.clear();
    timeline.from = Infinity;
  }

  /** A newer generation: its predecessor's sound ends here, its idle pictures fill the time until it begins. */
  #advance(generation) {
    this.#leavePrevious();
    this.#dropped += this.#present.pictures.dropped;
    this.#previous = this.#present;
    if (this.#previous.driver === "sound") this.#previous.pictures.clear();
    this.#present = this.#timeline(generation);
    this.#skews = [];
    this.#held = false;
    this.sound.begin(generation);
    this.#announce();
  }

  #announce() {
    this.#worker.postMessage({ type: "generation", stream: this.#stream, generation: this.generation });
  }

  #receivePicture({ kind, key, waiting, generation, sequence, pts, payload }) {
    const jpeg = kind === Kind.JPEG;
    const data = payload.slice();
    const unit = { type: "unit", stream: this.#stream, generation, sequence, pts, key: key || jpeg, waiting, jpeg, data };
    this.#worker.postMessage(unit, [data.buffer]);
    if (waiting) return;
    const { driver, clock, from } = this.#present;
    if (from === Infinity) {
      this.#present.from = pts;
      clock.start(pts - QUIET_DELAY, performance.now());
    } else if (driver === "wall") {
      clock.steer(pts - QUIET_DELAY, performance.now(), QUIET_JUMP);
    }
  }

  #onWorker(message) {
    if (message.type === "keyframe") this.#callbacks.onKeyFrameNeeded?.();
    else if (!this.#isWanted(message)) this.#letGo(message);
    else if (!message.waiting) this.#present.pictures.push(message);
    else if (this.#stands) this.#show(message);
    else this.#letGo(message);
  }

  #isWanted({ stream, generation, pts }) {
    return stream === this.#stream && generation === this.generation && pts >= this.#present.from;
  }

  /** Whether the reply stands still: the pictures that wait with it are shown as they come. */
  get #stands() {
    return this.#held || this.state === "starved";
  }

  #letGo(picture) {
    picture.image.close();
    this.#worker.postMessage({ type: "released" });
  }

  #loop() {
    if (this.#closed) return;
    this.#tick();
    requestAnimationFrame(() => this.#loop());
  }

  /** A page in the background is not asked to paint; its pictures must be let go of all the same. */
  #tickIfHidden() {
    if (performance.now() - this.#ticked > 150) this.#tick();
  }

  #tick() {
    const now = performance.now();
    this.#ticked = now;
    if (this.#present.driver === "waiting" && !this.#held) this.#begin(now);
    if (this.#present.driver === "sound" && !this.#held) this.#follow(now);
    if (this.#held) return;
    const timeline = this.#present.driver === "waiting" ? this.#previous : this.#present;
    const patience = timeline?.driver === "sound" ? MOST_LATE : Infinity;
    const picture = timeline?.pictures.take(timeline.clock.position(now), patience);
    if (picture) this.#show(picture);
  }

  #begin(now) {
    const present = this.#present;
    const driver = mayBegin({
      sound: this.sound.received,
      ended: this.sound.complete,
      pictures: present.pictures.length,
      waited: present.firstAt === null ? 0 : now - present.firstAt,
      quiet: present.generation === 0,
    });
    if (driver === null) return;
    present.driver = driver;
    present.clock.start(driver === "sound" ? -this.sound.latency : present.pictures.first, now);
    if (driver === "sound") this.sound.play();
    this.#leavePrevious();
  }

  #leavePrevious() {
    this.#previous?.pictures.clear();
    this.#previous = null;
  }

  /** Let the sound drive the clock. */
  #follow(now) {
    const present = this.#present;
    const { clock } = present;
    const state = this.sound.state;
    if (state === "playing") {
      clock.limit(Infinity);
      clock.steer(this.sound.position, now, present.steered ? undefined : 0);
      present.steered = true;
    } else if (state === "starved") {
      clock.limit(this.sound.played);
      present.steered = false;
    } else if (state === "dropped" || (this.sound.complete && clock.position(now) >= this.sound.received)) {
      present.driver = "wall";
    }
  }

  #show(picture) {
    const { image, pts } = picture;
    const width = image.displayWidth ?? image.width;
    const height = image.displayHeight ?? image.height;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#context.drawImage(image, 0, 0, width, height);
    this.#letGo(picture);
    this.#shown += 1;
    if (this.state === "speaking" && this.sound.state === "playing") this.#measure(pts);
    this.#callbacks.onPicture?.();
  }

  #measure(pts) {
    this.#skews.push(this.sound.position - (pts + HALF_FRAME));
    if (this.#skews.length > 25) this.#skews.shift();
  }
}
