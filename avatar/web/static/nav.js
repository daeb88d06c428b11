/** The ways from one page to the others, in the bar of each. */

const PAGES = [
  { name: "talk", address: "./", key: "toTalk" },
  { name: "personas", address: "personas", key: "toPersonas" },
  { name: "voices", address: "voices", key: "toVoices" },
  { name: "animate", address: "animate", key: "toAnimate" },
];

/**
 * The bar's links, as markup.
 *
 * @param {string} here the page that the bar is on
 */
export function links(here) {
  const others = PAGES.filter(({ name }) => name !== here);
  const link = ({ name, address, key }) =>
    `<a class="elsewhere" data-page="${name}" href="${address}" data-text="${key}"></a>`;
  return `<nav class="pages" data-label="pages">${others.map(link).join("")}</nav>`;
}
