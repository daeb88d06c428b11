/** The ways from one page to the others, in the bar of each. */

const PAGES = [
  { name: "talk", seal: "谈", address: "./", key: "toTalk" },
  { name: "personas", seal: "人", address: "personas", key: "toPersonas" },
  { name: "voices", seal: "声", address: "voices", key: "toVoices" },
  { name: "animate", seal: "照", address: "animate", key: "toAnimate" },
];

/**
 * The bar's links, as markup. On a narrow page the seals alone are shown.
 *
 * @param {string} here the page that the bar is on
 */
export function links(here) {
  const others = PAGES.filter(({ name }) => name !== here);
  const link = ({ seal, address, key }) =>
    `<a class="elsewhere" data-seal="${seal}" href="${address}" data-text="${key}" data-label="${key}"></a>`;
  return `<nav class="pages" data-label="pages">${others.map(link).join("")}</nav>`;
}
