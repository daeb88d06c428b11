/** A small picture of a sound: its spectrogram, and over it the pitch. */

const RATE = 16_000;
const SIZE = 512;
const TOP_HZ = 5_000;
const RANGE_DB = 62;
const LOWEST_HZ = 65;
const HIGHEST_HZ = 420;
/** A frame is voiced where it repeats itself this much (normalised autocorrelation), and is as loud as speech. */
const VOICED = 0.55;
const FAINT_DB = 34;
/** Octaves that the pitch may move from one column to the next, and columns that it lasts at least. */
const LEAP = 0.25;
const LASTS = 4;
/** Sounds longer than this, in seconds, are shown up to here. */
const LONGEST_S = 12;

/**
 * Draw a sound.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayBuffer} file of a format that the browser can decode
 * @returns {Promise<number>} the median pitch in Hz; NaN where nothing in it has one
 */
export async function draw(canvas, file) {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(file);
  const samples = sound.getChannelData(0).subarray(0, LONGEST_S * RATE);
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const columns = Array.from({ length: width }, (_, x) => frame(samples, Math.round((x / width) * samples.length)));
  const levels = columns.map((each) => decibels(each));
  const loudest = Math.max(...levels.map((each) => Math.max(...each)));
  context.clearRect(0, 0, width, height);
  context.fillStyle = style.getPropertyValue("--ink");
  for (const [x, level] of levels.entries()) paint(context, x, level, loudest);
  context.strokeStyle = style.getPropertyValue("--accent");
  const pitches = steady(pitchesOf(columns));
  trace(context, pitches, height);
  const voiced = pitches.filter((hertz) => hertz > 0).sort((one, other) => one - other);
  return voiced[voiced.length >> 1] ?? NaN;
}

/** Samples around a place, zeros beyond the ends. */
function frame(samples, centre) {
  const part = new Float32Array(SIZE * 2);
  const from = centre - SIZE;
  for (let i = Math.max(0, -from); i < part.length && from + i < samples.length; i += 1) part[i] = samples[from + i];
  return part;
}

/** Levels of the frequencies up to TOP_HZ, in dB; Hann window in the middle of the frame. */
function decibels(part) {
  const real = new Float32Array(SIZE);
  const imaginary = new Float32Array(SIZE);
  for (let i = 0; i < SIZE; i += 1) real[i] = part[i + SIZE / 2] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
  transform(real, imaginary);
  const bins = Math.round((TOP_HZ / RATE) * SIZE);
  return Array.from({ length: bins }, (_, k) => 10 * Math.log10(real[k] ** 2 + imaginary[k] ** 2 + 1e-9));
}

/** The discrete Fourier transform in place (Cooley and Tukey, 1965). */
function transform(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j], real[i]];
  }
  for (let span = 2; span <= size; span *= 2) {
    for (let k = 0; k < span / 2; k += 1) {
      const cosine = Math.cos((-2 * Math.PI * k) / span);
      const sine = Math.sin((-2 * Math.PI * k) / span);
      for (let a = k; a < size; a += span) {
        const b = a + span / 2;
        const x = real[b] * cosine - imaginary[b] * sine;
        const y = real[b] * sine + imaginary[b] * cosine;
        real[b] = real[a] - x;
        imaginary[b] = imaginary[a] - y;
        real[a] += x;
        imaginary[a] += y;
      }
    }
  }
}

/** The pitch in Hz, NaN where there is none: the first strong peak of the autocorrelation. */
function pitch(part) {
  const from = SIZE / 2;
  const shortest = Math.floor(RATE / HIGHEST_HZ);
  const longest = Math.ceil(RATE / LOWEST_HZ);
  const likeness = [];
  for (let lag = 0; lag <= longest + 1; lag += 1) {
    let both = 0;
    let here = 1e-5;
    let there = 1e-5;
    for (let i = from; i < from + SIZE; i += 2) {
      both += part[i] * part[i + lag];
      here += part[i] ** 2;
      there += part[i + lag] ** 2;
    }
    likeness.push(both / Math.sqrt(here * there));
  }
  const best = Math.max(...likeness.slice(shortest, longest));
  if (best < VOICED) return NaN;
  for (let lag = shortest; lag <= longest; lag += 1) {
    const peak = likeness[lag] >= likeness[lag - 1] && likeness[lag] >= likeness[lag + 1];
    if (peak && likeness[lag] > 0.9 * best) return RATE / lag;
  }
  return NaN;
}

/** The pitch of each column; what is much softer than the loudest has none. */
function pitchesOf(columns) {
  const powers = columns.map((part) => part.reduce((sum, sample) => sum + sample ** 2, 0));
  const faint = powers.reduce((most, power) => Math.max(most, power), 0) / 10 ** (FAINT_DB / 10);
  return columns.map((part, x) => (powers[x] > faint ? pitch(part) : NaN));
}

/** The same without what flickers for a few columns. */
function steady(pitches) {
  const kept = pitches.slice();
  let from = 0;
  for (let x = 1; x <= pitches.length; x += 1) {
    if (near(pitches[x - 1], pitches[x])) continue;
    if (x - from < LASTS) kept.fill(NaN, from, x);
    from = x;
  }
  return kept;
}

function near(one, other) {
  return Math.abs(Math.log2(one / other)) < LEAP;
}

function paint(context, x, level, loudest) {
  const { height } = context.canvas;
  for (let y = 0; y < height; y += 1) {
    const found = level[Math.floor(((height - 1 - y) / height) * level.length)];
    context.globalAlpha = Math.max(0, 1 + (found - loudest) / RANGE_DB) ** 1.6;
    context.fillRect(x, y, 1, 1);
  }
  context.globalAlpha = 1;
}

/** The pitch as a line: logarithmic, from the lowest to the highest. */
function trace(context, hertz, height) {
  const octaves = Math.log2(HIGHEST_HZ / LOWEST_HZ);
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.beginPath();
  let last = NaN;
  for (const [x, value] of hertz.entries()) {
    const y = height * (1 - Math.log2(value / LOWEST_HZ) / octaves);
    if (near(value, last)) context.lineTo(x, y);
    else if (value) context.moveTo(x, y);
    last = value;
  }
  context.stroke();
}
