/**
 * Decodes the face's pictures away from the page's own thread.
 *
 * Messages in:
 *   {type: "unit", stream, generation, sequence, pts, key, waiting, jpeg, data}   an H.264 access unit, or a JPEG
 *   {type: "generation", stream, generation}   pictures of older ones are no longer wanted; a new `stream` (a new
 *                                              connection) makes void everything of the one before
 *   {type: "released"}                         the page let a picture go
 * Messages out:
 *   {type: "picture", stream, generation, pts, waiting, image}   a VideoFrame or an ImageBitmap, transferred
 *   {type: "keyframe"}                                           nothing can be decoded before the next key frame
 *
 * At most HELD pictures are with the decoder or the page at one time: decoders have few buffers.
 */

import { codecString } from "./h264.js";
import { isNewer } from "./packet.js";

const HELD = 8;

/** Units that wait to be decoded: ten seconds. With more, the page has fallen behind for good and starts afresh. */
const MOST_WAITING = 250;

let stream = 0;
let generation = 0;
let units = [];
let held = 0;
let decoder = null;
let needsKey = true;
let asked = false;
let lastSequence = -1;
let count = 0;
let jpegs = Promise.resolve();
const inWork = new Map();

self.onmessage = ({ data }) => {
  if (data.type === "unit") {
    take(data);
  } else if (data.type === "released") {
    held -= 1;
  } else {
    generation = data.generation;
    if (data.stream !== stream) restart(data.stream);
  }
  feed();
};

function wanted(unit) {
  return unit.stream === stream && !isNewer(generation, unit.generation);
}

function take(unit) {
  units.push(unit);
  if (unit.key) skipToKey();
  if (units.length > MOST_WAITING) {
    units = [];
    recover();
  }
}

/** Leave out what nobody will see, where the pictures after it can be decoded without it. */
function skipToKey() {
  const first = units.findIndex(wanted);
  if (first > 0 && units[first].key) units = units.slice(first);
}

/** Decode as many units as there is room for. Unwanted ones need no room: their pictures are closed at once. */
function feed() {
  while (units.length > 0 && (held < HELD || !wanted(units[0]))) decode(units.shift());
}

function decode(unit) {
  if (unit.jpeg) decodeJpeg(unit);
  else decodeH264(unit);
}

function decodeJpeg(unit) {
  if (!wanted(unit)) return;
  hold(unit);
  const image = createImageBitmap(new Blob([unit.data], { type: "image/jpeg" }));
  jpegs = jpegs.then(async () => deliver(unit, await image)).catch(() => letGo(unit));
}

function decodeH264(unit) {
  const gap = unit.sequence !== lastSequence + 1;
  lastSequence = unit.sequence;
  if (gap && !unit.key) needsKey = true;
  if (needsKey && !(unit.key && configure(unit.data))) {
    if (!gap) askForKey();
    return;
  }
  count += 1;
  const timestamp = count * 40_000;
  inWork.set(timestamp, unit);
  if (wanted(unit)) hold(unit);
  try {
    decoder.decode(new EncodedVideoChunk({ type: unit.key ? "key" : "delta", timestamp, data: unit.data }));
  } catch {
    recover();
  }
}

/** Open the decoder for the stream that a key frame begins; false where it holds no parameters. */
function configure(data) {
  const codec = codecString(data);
  if (codec === null) return false;
  closeDecoder();
  decoder = new VideoDecoder({ output: onFrame, error: recover });
  decoder.configure({ codec, optimizeForLatency: true });
  needsKey = false;
  asked = false;
  return true;
}

function onFrame(frame) {
  const unit = inWork.get(frame.timestamp);
  inWork.delete(frame.timestamp);
  if (unit === undefined) frame.close();
  else deliver(unit, frame);
}

function deliver(unit, image) {
  if (wanted(unit)) {
    const { generation: of, pts, waiting } = unit;
    self.postMessage({ type: "picture", stream, generation: of, pts, waiting, image }, [image]);
  } else {
    image.close();
    letGo(unit);
  }
}

function hold(unit) {
  unit.held = true;
  held += 1;
}

function letGo(unit) {
  if (!unit.held) return;
  unit.held = false;
  held -= 1;
  feed();
}

/** A new connection, with a stream of its own. */
function restart(next) {
  stream = next;
  units = [];
  lastSequence = -1;
  needsKey = true;
  asked = false;
  closeDecoder();
}

/** The stream is damaged: go on at the next key frame. */
function recover() {
  closeDecoder();
  needsKey = true;
  askForKey();
}

function closeDecoder() {
  for (const unit of inWork.values()) if (unit.held) held -= 1;
  inWork.clear();
  if (decoder !== null && decoder.state !== "closed") decoder.close();
  decoder = null;
}

function askForKey() {
  if (asked) return;
  asked = true;
  self.postMessage({ type: "keyframe" });
}
