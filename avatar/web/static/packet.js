/**
 * The binary messages of the media socket (docs/protocol.md): sixteen bytes, little-endian, and the payload.
 *
 *     u8 kind · u8 flags · u16 generation · u32 sequence · u64 time in microseconds
 */

export const HEADER_BYTES = 16;

export const Kind = Object.freeze({ MICROPHONE: 1, SPEECH: 2, H264: 3, JPEG: 4 });

export const Flag = Object.freeze({ KEY: 1, END: 2, WAITING: 4 });

/**
 * A received message taken apart.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{kind: number, key: boolean, end: boolean, waiting: boolean, generation: number, sequence: number,
 *   pts: number, payload: Uint8Array} | null} null where the message is too short to be one; `pts` in microseconds. The
 *   payload shares the buffer.
 */
export function readPacket(buffer) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  const flags = view.getUint8(1);
  return {
    kind: view.getUint8(0),
    key: (flags & Flag.KEY) !== 0,
    end: (flags & Flag.END) !== 0,
    waiting: (flags & Flag.WAITING) !== 0,
    generation: view.getUint16(2, true),
    sequence: view.getUint32(4, true),
    pts: Number(view.getBigUint64(8, true)),
    payload: new Uint8Array(buffer, HEADER_BYTES),
  };
}

/**
 * A message to send.
 *
 * @param {{kind: number, flags?: number, generation?: number, sequence?: number, pts?: number}} header
 * @param {Uint8Array} payload
 * @returns {ArrayBuffer}
 */
export function writePacket({ kind, flags = 0, generation = 0, sequence = 0, pts = 0 }, payload) {
  const bytes = new Uint8Array(HEADER_BYTES + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint16(2, generation, true);
  view.setUint32(4, sequence >>> 0, true);
  view.setBigUint64(8, BigInt(Math.round(pts)), true);
  bytes.set(payload, HEADER_BYTES);
  return bytes.buffer;
}

/**
 * Whether generation `a` came after `b`. They are sixteen bits wide and wrap, so the shorter way round counts.
 *
 * @param {number} a
 * @param {number} b
 */
export function isNewer(a, b) {
  const ahead = (a - b) & 0xffff;
  return ahead !== 0 && ahead < 0x8000;
}
