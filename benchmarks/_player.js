/**
 * The page's player on a clock of our own: hours in seconds.
 *
 * Player, sound, clock and worklet are the page's files as they are. What a browser gives them is stood in for: time, an
 * audio device with a sample clock and a latency of its own, repaints sixty times a second, a decoder that takes a
 * while, and a line with delay. What is heard is known here from the device itself, not from what the player believes.
 *
 * given: {base, trace, drift, latency, batch, delay, jitter, decoding}
 *   base      the address of the page's files
 *   trace     [[ms, what, generation, …], …]: "sound" (samples, whether the last), "picture" (pts in ms, whether a key
 *             picture, whether it waits with the sound), "hold", "resume", "stop", "listen"
 *   drift     of the device's clock against the page's, in parts per million
 *   latency   of the device, in ms; batch: the samples that it asks for at once
 *   delay, jitter    of the line, decoding: of the decoder, in ms
 * Gives {shown, starved, played}: for each picture shown while its reply sounds [ms, generation, pts, heard], both last
 * in ms within the reply; how often the sound ran dry; samples that left the device.
 */

const RATE = 24_000;
const QUANTUM = 128;
const REPAINT = 1000 / 60;

async (given) => {
  let now = 0;
  const timers = [];
  const repaints = [];
  const soon = (ms, action) => {
    const entry = { at: now + ms, action };
    const place = timers.findLastIndex((each) => each.at <= entry.at) + 1;
    timers.splice(place, 0, entry);
  };

  class Port {
    other = null;
    onmessage = null;
    postMessage(data) {
      soon(0.5, () => this.other?.onmessage?.({ data }));
    }
  }

  const device = { frame: 0, log: [], processors: [] };
  class Context {
    sampleRate = RATE;
    state = "running";
    baseLatency = 0;
    outputLatency = given.latency / 1000;
    destination = {};
    audioWorklet = { addModule: () => Promise.resolve() };
    get currentTime() {
      return device.frame / RATE;
    }
    resume() { return Promise.resolve(); }
    close() { return Promise.resolve(); }
  }
  class Node {
    port = new Port();
    constructor() {
      const inner = new Port();
      Processor.port = inner;
      const processor = new Processor.made();
      [this.port.other, inner.other] = [inner, this.port];
      device.processors.push(processor);
    }
    connect() {}
  }
  class Decoder {
    postMessage(data) {
      if (data.type !== "unit") return;
      const { stream, generation, pts, waiting } = data;
      const image = { pts, displayWidth: 2, displayHeight: 2, close() {} };
      const picture = { type: "picture", stream, generation, pts, waiting, image };
      soon(given.decoding, () => this.onmessage?.({ data: picture }));
    }
    terminate() {}
  }
  const Processor = { made: null, port: null };
  const stubs = {
    AudioContext: Context,
    AudioWorkletNode: Node,
    GainNode: class { gain = { value: 1 }; connect() {} },
    Worker: Decoder,
    requestAnimationFrame: (action) => repaints.push(action),
    setInterval: (action, ms) => {
      const again = () => { action(); soon(ms, again); };
      soon(ms, again);
      return 0;
    },
    AudioWorkletProcessor: class { port = Processor.port; },
    registerProcessor: (name, made) => { Processor.made = made; },
    sampleRate: RATE,
  };
  for (const [name, value] of Object.entries(stubs)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis, "currentTime", { get: () => device.frame / RATE, configurable: true });
  performance.now = () => now;

  await import(`${given.base}/audio-worklet.js`);
  const { Player } = await import(`${given.base}/player.js`);
  const { Kind } = await import(`${given.base}/packet.js`);

  /** The device asks for a batch: what of the reply it is given is noted by frame. */
  function ask() {
    for (let done = 0; done < given.batch; done += QUANTUM) {
      const block = new Float32Array(QUANTUM);
      for (const processor of device.processors) {
        const before = processor.played;
        const { generation } = processor;
        processor.process([], [[block]]);
        if (processor.played > before) device.log.push([device.frame, generation, before, processor.played - before]);
      }
      device.frame += QUANTUM;
    }
    while (device.log.length > 0 && device.log[0][0] < device.frame - 10 * RATE) device.log.shift();
  }

  /** What is heard now: the generation and its sample, or null. */
  function heard() {
    const frame = ((now - given.latency) / 1000) * RATE * (1 + given.drift / 1e6);
    const entry = device.log.findLast(([start]) => start <= frame);
    if (entry === undefined || frame >= entry[0] + entry[3]) return null;
    return { generation: entry[1], ms: (1000 * (entry[2] + frame - entry[0])) / RATE };
  }

  const shown = [];
  let pts = 0;
  const canvas = { width: 2, height: 2, getContext: () => ({ drawImage: (image) => { pts = image.pts; } }) };
  let starved = 0;
  let before = "";
  const player = new Player(canvas, {
    onPicture: () => {
      const sounding = heard();
      if (sounding !== null && sounding.generation === player.generation) {
        shown.push([now, sounding.generation, pts / 1000, sounding.ms]);
      }
    },
  });
  await player.unlock();
  await new Promise((done) => setTimeout(done, 0));

  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  const actions = {
    sound: (generation, samples, end) =>
      player.receive({ kind: Kind.SPEECH, generation, payload: new Uint8Array(2 * samples), end, key: false, pts: 0 }),
    picture: (generation, at, key, waiting) => {
      const payload = new Uint8Array(1);
      player.receive({ kind: Kind.H264, generation, payload, end: false, key, waiting, pts: 1000 * at });
    },
    hold: (generation) => player.hold(generation),
    resume: () => player.resume(),
    stop: (generation) => player.stop(generation),
    listen: (generation) => { if (player.state !== "quiet") player.stop(generation); },
  };

  let next = 0;
  let repaint = 0;
  const arrival = (earliest) =>
    next < given.trace.length
      ? Math.max(earliest, given.trace[next][0] + given.delay + given.jitter * random())
      : Infinity;
  let line = arrival(0);
  const end = given.trace.at(-1)[0] + 1000;
  while (now < end) {
    const batchAt = (1000 * (device.frame + given.batch)) / (RATE * (1 + given.drift / 1e6));
    const timer = timers.length > 0 ? timers[0].at : Infinity;
    const at = Math.min(batchAt, line, timer, repaint + REPAINT);
    now = Math.max(now, at);
    if (at === timer) {
      timers.shift().action();
    } else if (at === line) {
      const [, what, ...rest] = given.trace[next];
      next += 1;
      line = arrival(line);
      actions[what](...rest);
    } else if (at === batchAt) {
      ask();
    } else {
      repaint = now;
      repaints.splice(0).forEach((action) => action(now));
      starved += player.state === "starved" && before !== "starved";
      before = player.state;
    }
  }
  return { shown, starved, played: player.sound.samplesPlayed };
}
