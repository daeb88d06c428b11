/** The elements of the Voices page, without behaviour. */

import "./voices-cloning-sentences.js";
import "./voices-sentences.js";
import { ASKING } from "./asking.js";
import { links } from "./nav.js";

const MARKUP = `
<header class="bar">
  <span class="seal" aria-hidden="true">声</span>
  <div class="brand">
    <h1 data-text="voicesTitle"></h1>
    <p data-text="voicesSubtitle"></p>
  </div>
  ${links("voices")}
  <div class="languages" role="group" data-label="language">
    <button type="button" data-language="zh" lang="zh-CN">中文</button>
    <button type="button" data-language="en" lang="en">English</button>
  </div>
</header>
<p class="busy waiting" role="status" hidden><i aria-hidden="true"></i><span data-text="loading"></span></p>
<main class="home" hidden></main>
<main class="cloning" hidden></main>
<main class="one-voice" hidden></main>
${ASKING}`;

/**
 * Build the page inside an element.
 *
 * @param {HTMLElement} element
 */
export function build(element) {
  element.classList.add("avatar-talk", "avatar-animate", "avatar-personas", "avatar-voices");
  element.innerHTML = MARKUP;
  const find = (selector) => element.querySelector(selector);
  return {
    root: element,
    waiting: find(".waiting"),
    home: find(".home"),
    cloning: find(".cloning"),
    voice: find(".one-voice"),
    asking: find(".asking"),
    askingText: find("#asking-text"),
    yes: find(".asking .yes"),
    languages: [...element.querySelectorAll(".languages button")],
    toasts: find(".toasts"),
  };
}
