/** The Talk page's elements, without behaviour. */

import { links } from "./nav.js";

const icon = (path) =>
  `<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8"
    stroke-linecap="round" stroke-linejoin="round">${path}</svg>`;

const ICONS = {
  microphone: icon('<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>'),
  stop: icon('<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>'),
  send: icon('<path d="M12 19V5M6 11l6-6 6 6"/>'),
  sound: icon(
    '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"/><path class="waves" d="M15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>' +
      '<path class="slash" d="m16 9.5 5 5m0-5-5 5"/>',
  ),
};

const MARKUP = `
<header class="bar">
  <span class="seal" aria-hidden="true">谈</span>
  <div class="brand">
    <h1 data-text="title"></h1>
    <p data-text="subtitle"></p>
  </div>
  ${links("talk")}
  <button type="button" class="round sound" aria-pressed="false" data-label="soundOn">${ICONS.sound}</button>
  <div class="languages" role="group" data-label="language">
    <button type="button" data-language="zh" lang="zh-CN">中文</button>
    <button type="button" data-language="en" lang="en">English</button>
  </div>
</header>
<section class="face">
  <div class="stage" data-presence="idle">
    <div class="ring" aria-hidden="true"></div>
    <div class="frame">
      <img class="portrait" alt="">
      <canvas role="img" data-label="stage" width="512" height="512"></canvas>
      <p class="badge">AI 生成 · AI-generated</p>
      <div class="plate">
        <strong class="name"></strong>
        <span class="state" role="status"><i aria-hidden="true"></i><span></span></span>
      </div>
      <div class="notice" hidden><span></span><button type="button" data-text="retry"></button></div>
    </div>
  </div>
  <div class="personas" role="radiogroup" data-label="personas" hidden></div>
</section>
<section class="dialogue">
  <ol class="conversation" data-label="conversation" tabindex="0"></ol>
  <p class="announcer" aria-live="polite"></p>
</section>
<footer class="dock">
  <div class="controls">
    <button type="button" class="talk" data-label="talk" aria-pressed="false">${ICONS.microphone}</button>
    <button type="button" class="round stop" data-label="stop" hidden>${ICONS.stop}</button>
  </div>
  <form class="composer">
    <textarea rows="1" maxlength="2000" data-label="placeholder" data-placeholder="placeholder" enterkeyhint="send"></textarea>
    <button type="submit" class="round send" data-label="send">${ICONS.send}</button>
  </form>
  <p class="foot"><span class="hint"></span><span class="latency"></span>
    <button type="button" class="remember" data-text="remember" aria-haspopup="dialog"></button></p>
</footer>
<div class="toasts" role="alert"></div>
`;

/**
 * Build the page inside an element.
 *
 * @param {HTMLElement} element
 */
export function build(element) {
  element.classList.add("avatar-talk");
  element.innerHTML = MARKUP;
  const find = (selector) => element.querySelector(selector);
  return {
    root: element,
    stage: find(".stage"),
    portrait: find(".portrait"),
    canvas: find("canvas"),
    name: find(".name"),
    state: find(".state > span"),
    notice: find(".notice"),
    noticeText: find(".notice > span"),
    retry: find(".notice > button"),
    personas: find(".personas"),
    conversation: find(".conversation"),
    announcer: find(".announcer"),
    stop: find(".stop"),
    talk: find(".talk"),
    latency: find(".latency"),
    hint: find(".hint"),
    remember: find(".remember"),
    composer: find(".composer"),
    text: find("textarea"),
    sound: find(".sound"),
    languages: [...element.querySelectorAll(".languages button")],
    toasts: find(".toasts"),
  };
}

/**
 * An element with text.
 *
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
