/** The elements of the Personas page, without behaviour. */

import "./personas-sentences.js";
import { ASKING } from "./asking.js";
import { links } from "./nav.js";
import { placed } from "./personas-desk.js";

const TABS = ["card", "texts", "studio", "versions", "trial"];

const tab = (name) =>
  `<button type="button" role="tab" id="tab-${name}" aria-controls="panel-${name}" data-tab="${name}"
    data-text="tab-${name}"></button>`;

const panel = (name) =>
  `<section class="panel ${name}-panel" role="tabpanel" id="panel-${name}" aria-labelledby="tab-${name}"></section>`;

const MARKUP = `
<header class="bar">
  <span class="seal" aria-hidden="true">人</span>
  <div class="brand">
    <h1 data-text="personasTitle"></h1>
    <p data-text="personasSubtitle"></p>
  </div>
  ${links("personas")}
  <div class="languages" role="group" data-label="language">
    <button type="button" data-language="zh" lang="zh-CN">中文</button>
    <button type="button" data-language="en" lang="en">English</button>
  </div>
</header>
<main class="home" hidden>
  <ul class="gallery" data-label="gallery"></ul>
  <label class="second import">
    <input type="file" class="hidden-input" accept=".persona,.json,.png,.charx">
    <span data-text="import"></span>
  </label>
  <small data-text="importHint"></small>
</main>
<main class="making" hidden></main>
<div class="avatar-voices"><main class="cloning" hidden></main></div>
<main class="workshop" hidden>
  <section class="desk">
    <header class="who-is">
      <a class="back" href="${placed()}" data-label="back">‹</a>
      <img class="face-picture" alt="">
      <div class="who-name">
        <h2 class="persona-name"></h2>
        <p class="persona-facts"></p>
      </div>
      <a class="second go-talk" data-text="goTalk"></a>
    </header>
    <div class="tabs" role="tablist" data-label="sections">${TABS.map(tab).join("")}</div>
    ${TABS.filter((name) => name !== "trial").map(panel).join("")}
  </section>
  ${panel("trial")}
</main>
${ASKING}`;

/**
 * Build the page inside an element.
 *
 * @param {HTMLElement} element
 */
export function build(element) {
  element.classList.add("avatar-talk", "avatar-animate", "avatar-personas");
  element.innerHTML = MARKUP;
  const find = (selector) => element.querySelector(selector);
  return {
    root: element,
    home: find(".home"),
    gallery: find(".gallery"),
    importing: find(".import"),
    file: find(".import input"),
    making: find(".making"),
    cloning: find(".cloning"),
    workshop: find(".workshop"),
    picture: find(".face-picture"),
    name: find(".persona-name"),
    facts: find(".persona-facts"),
    talk: find(".go-talk"),
    tabs: [...element.querySelectorAll("[data-tab]")],
    panels: new Map(TABS.map((name) => [name, find(`#panel-${name}`)])),
    asking: find(".asking"),
    askingText: find("#asking-text"),
    yes: find(".asking .yes"),
    languages: [...element.querySelectorAll(".languages button")],
    toasts: find(".toasts"),
  };
}
