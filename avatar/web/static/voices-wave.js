/** A sound as bars over time, with the stretches that changed in another colour. */

const RATE = 16_000;
/** Pixels of a canvas that has its full width. */
const FULL = 1200;
/** Of a bar and of the gap beside it, in pixels of the canvas. */
const BAR = 4;
const GAP = 2;
/** The least that a changed stretch takes, so that a cut is seen as well. */
const LEAST = 6;

/**
 * A file's sound.
 *
 * @param {Blob} file of a format that the browser can decode
 * @returns {Promise<{samples: Float32Array, duration: number}>} one channel, and seconds
 */
export async function decoded(file) {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
  return { samples: sound.getChannelData(0), duration: sound.duration };
}

/**
 * Draw a sound.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{samples: Float32Array, duration: number}} sound
 * @param {[number, number][]} changed stretches in seconds
 * @param {number} share of the full width that it has, so that bars are as wide everywhere
 */
export function drawWave(canvas, { samples, duration }, changed, share) {
  const width = Math.round(FULL * share);
  canvas.width = width;
  const { height } = canvas;
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const places = changed.map(([start, end]) => placeOf((start / duration) * width, (end / duration) * width));
  context.fillStyle = style.getPropertyValue("--accent");
  context.globalAlpha = 0.14;
  for (const [from, to] of places) context.fillRect(from, 0, to - from, height);
  context.globalAlpha = 1;
  const bars = barsOf(samples, Math.floor(width / (BAR + GAP)));
  for (const [i, level] of bars.entries()) {
    const x = i * (BAR + GAP);
    const inside = places.some(([from, to]) => x + BAR > from && x < to);
    context.fillStyle = style.getPropertyValue(inside ? "--accent" : "--ink-soft");
    const tall = Math.max(2, level * (height - 8));
    context.fillRect(x, (height - tall) / 2, BAR, tall);
  }
}

/** Where a stretch is painted, not less than can be seen. */
function placeOf(from, to) {
  const middle = (from + to) / 2;
  const half = Math.max(LEAST, to - from) / 2;
  return [middle - half, middle + half];
}

/** The largest sample within each bar's time, of the loudest bar's: 0..1, raised so that soft speech is seen. */
function barsOf(samples, count) {
  const peaks = Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i / count) * samples.length);
    const to = Math.floor(((i + 1) / count) * samples.length);
    let most = 0;
    for (let k = from; k < to; k += 1) most = Math.max(most, Math.abs(samples[k]));
    return most;
  });
  const loudest = peaks.reduce((most, peak) => Math.max(most, peak), 1e-4);
  return peaks.map((peak) => (peak / loudest) ** 0.7);
}
