/** Blocks of PCM as a file. */

const RATE = 24_000;
const HEADER = 44;

/**
 * A WAV file: one channel of 16 bits at 24 kHz (RIFF, WAVE_FORMAT_PCM).
 *
 * @param {Uint8Array[]} blocks signed 16-bit little-endian
 */
export function wav(blocks) {
  const size = blocks.reduce((sum, block) => sum + block.length, 0);
  const header = new DataView(new ArrayBuffer(HEADER));
  const write = (at, text) => [...text].forEach((sign, i) => header.setUint8(at + i, sign.charCodeAt(0)));
  write(0, "RIFF");
  header.setUint32(4, HEADER - 8 + size, true);
  write(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true);
  header.setUint32(28, 2 * RATE, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  write(36, "data");
  header.setUint32(40, size, true);
  return new Blob([header, ...blocks], { type: "audio/wav" });
}
