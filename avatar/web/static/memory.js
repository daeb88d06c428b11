/** What the page remembers between visits. A browser may forbid it; then nothing is remembered. */

/**
 * @param {string} name
 * @returns {string | null}
 */
export function recall(name) {
  try {
    return localStorage.getItem(`avatar.${name}`);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(`avatar.${name}`, value);
  } catch {
    return;
  }
}
