/** What the browser's decoder must be told about an H.264 stream in Annex B form (ITU-T H.264, annex B). */

const SPS = 7;

/**
 * The codec string of a stream, from the sequence parameter set of its first key frame (RFC 6381: `avc1.` and the
 * profile, the constraint flags and the level in hexadecimal).
 *
 * @param {Uint8Array} unit one access unit
 * @returns {string | null} such as "avc1.42c01e"; null where the unit holds no parameter set.
 */
export function codecString(unit) {
  for (let at = 0; at + 7 <= unit.length; at += 1) {
    const startCode = unit[at] === 0 && unit[at + 1] === 0 && unit[at + 2] === 1;
    if (startCode && (unit[at + 3] & 0x1f) === SPS) {
      return "avc1." + [...unit.subarray(at + 4, at + 7)].map(hex).join("");
    }
  }
  return null;
}

/** @param {number} byte */
function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}
