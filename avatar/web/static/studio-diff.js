/** A change of a card, as it is read: the field's name, and its words with what goes and what comes. */

import { make } from "./view.js";

/** Longer texts are shown one below the other: comparing them word by word would take too long to read anyway. */
const COMPARED = 1_500;

/** What two texts must share to be shown as one: less would be a patchwork. */
const SHARED = 0.5;

const WORD = /\p{Script=Han}|[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu;

const LANGUAGES = { zh: "inChinese", en: "inEnglish" };

/**
 * The changes, as a list.
 *
 * @param {{field: string, old: unknown, new: unknown}[]} changes
 * @param {import("./personas-desk.js").Desk} desk
 */
export function differences(changes, desk) {
  const list = make("dl", "diff");
  for (const { field, old, new: now } of changes) {
    const [before, after] = [wordsOf(old), wordsOf(now)];
    const whole = make("dd");
    whole.append(...(before.length + after.length <= COMPARED ? compared(before, after) : apart(before, after)));
    list.append(make("dt", "", labelOf(field, desk)), whole);
  }
  return list;
}

/** The name of a field, such as "manner.zh" or "examples.3", in words. */
export function labelOf(field, desk) {
  const [name, part] = field.split(".");
  const label = desk.says(`field-${name}`) ?? name;
  if (LANGUAGES[part]) return `${label}${desk.say(LANGUAGES[part])}`;
  return /^\d+$/.test(part ?? "") ? `${label} ${Number(part) + 1}` : label;
}

/** Anything a card holds, as words. */
function wordsOf(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) {
    const parts = value.map(wordsOf);
    return parts.join(parts.some((part) => part.includes("\n")) ? "\n" : "、");
  }
  if (typeof value !== "object") return String(value);
  if ("question" in value) return `${value.question}\n— ${value.answer}`;
  return Object.values(value).filter((each) => each !== null && each !== "").map(wordsOf).join("\n");
}

/** What goes, and below it what comes. */
function apart(before, after) {
  const nodes = [before && make("del", "", before), before && after && "\n", after && make("ins", "", after)];
  return nodes.filter(Boolean);
}

/** Both texts as one, word by word: the longest common subsequence stays; where they share little, one after the other. */
export function compared(before, after) {
  const [one, other] = [before.match(WORD) ?? [], after.match(WORD) ?? []];
  const lengths = common(one, other);
  if (2 * lengths[0][0] < SHARED * (one.length + other.length)) return apart(before, after);
  const nodes = [];
  const add = (tag, word) => {
    if (nodes.at(-1)?.tag === tag) nodes.at(-1).text += word;
    else nodes.push({ tag, text: word });
  };
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      add("span", one[i]);
      i += 1;
      j += 1;
    } else if (j === other.length || (i < one.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      add("del", one[i]);
      i += 1;
    } else {
      add("ins", other[j]);
      j += 1;
    }
  }
  return nodes.map(({ tag, text }) => make(tag, "", text));
}

/** How long a common subsequence the texts have from each pair of places on. */
function common(one, other) {
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = one[i] === other[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
