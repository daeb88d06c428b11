/** The elements of the page that animates photographs, without behaviour. */

import "./animate-sentences.js";
import { links } from "./nav.js";

const REPAIRS = ["straighten", "scratches", "noise", "fading", "enlarge", "tint"];

const check = (name) => `<label><input type="checkbox" name="${name}"><span data-text="${name}"></span></label>`;

/** How what is said can be meant; `auto` goes by the words. */
const EMOTIONS = ["auto", "calm", "warm", "sad", "stern", "amused"];

const BACKGROUNDS = ["keep", "blur", "colour", "picture", "transparent"];

const background = (value) => `<option value="${value}" data-text="background-${value}"></option>`;

const emotion = (value) => `<option value="${value}" data-text="emotion-${value}"></option>`;

const ground = (value, key) =>
  `<label><input type="radio" name="ground" value="${value}"><span data-text="${key}"></span></label>`;

const MARKUP = `
<header class="bar">
  <span class="seal" aria-hidden="true">照</span>
  <div class="brand">
    <h1 data-text="animateTitle"></h1>
    <p data-text="animateSubtitle"></p>
  </div>
  ${links("animate")}
  <div class="languages" role="group" data-label="language">
    <button type="button" data-language="zh" lang="zh-CN">中文</button>
    <button type="button" data-language="en" lang="en">English</button>
  </div>
</header>
<main>
  <section class="photo">
    <label class="drop">
      <input type="file" accept="image/*,.heic,.tif,.tiff" class="hidden-input">
      <span class="drop-icon" aria-hidden="true">＋</span>
      <strong data-text="drop"></strong>
      <small data-text="dropHint"></small>
    </label>
    <div class="sheet" hidden>
      <div class="picture">
        <img class="original" alt="">
        <img class="restored" alt="" hidden>
        <svg class="overlay" preserveAspectRatio="none" viewBox="0 0 1 1" aria-hidden="true"></svg>
        <div class="choices"></div>
        <span class="tag tag-before" data-text="before" hidden></span>
        <span class="tag tag-after" data-text="after" hidden></span>
        <span class="divider" hidden></span>
        <input type="range" class="slider" min="0" max="100" value="50" data-label="compare" hidden>
      </div>
      <p class="marking" role="status" hidden></p>
    </div>
    <p class="busy" role="status" hidden><i aria-hidden="true"></i><span></span></p>
    <button type="button" class="plain another" data-text="another" hidden></button>
  </section>
  <section class="steps" hidden>
    <article class="card about">
      <h2 data-text="found"></h2>
      <p class="summary"></p>
      <ul class="findings"></ul>
      <button type="button" class="plain mark" data-text="markFace"></button>
    </article>
    <article class="card mending">
      <h2 data-text="repair"></h2>
      <p class="damage"></p>
      <div class="repairs">${REPAIRS.map(check).join("")}</div>
      <div class="row">
        <button type="button" class="second restore" data-text="restore"></button>
        <button type="button" class="plain version" hidden></button>
      </div>
    </article>
    <article class="card speech">
      <h2 data-text="speech"></h2>
      <div class="tabs" role="tablist">
        <button type="button" role="tab" aria-selected="true" data-tab="text" data-text="byText"></button>
        <button type="button" role="tab" aria-selected="false" data-tab="recording" data-text="byRecording"></button>
      </div>
      <div class="by-text">
        <textarea rows="4" maxlength="3000" data-label="textPlaceholder" data-placeholder="textPlaceholder"></textarea>
        <label class="field"><span data-text="voice"></span><select class="voice"></select></label>
      </div>
      <div class="by-recording" hidden>
        <label class="file">
          <input type="file" accept="audio/*,video/webm,.m4a" class="hidden-input">
          <span class="file-name" data-text="recording"></span>
        </label>
        <small data-text="recordingHint"></small>
      </div>
      <fieldset>
        <legend data-text="groundTitle"></legend>
        ${ground("own", "groundOwn")}${ground("consent", "groundConsent")}${ground("historical", "groundHistorical")}
        <small data-text="groundHint"></small>
      </fieldset>
      <div class="row options">
        <label class="field"><span data-text="emotion"></span>
          <select class="emotion">${EMOTIONS.map(emotion).join("")}</select></label>
        <label class="field"><span data-text="background"></span>
          <select class="background">${BACKGROUNDS.map(background).join("")}</select></label>
        <label class="field tint" hidden><span data-text="backgroundColour"></span>
          <input type="color" class="colour" value="#1e3a5f"></label>
        <label class="file backdrop-file" hidden>
          <input type="file" accept="image/*" class="hidden-input backdrop">
          <span class="backdrop-name" data-text="backdrop"></span>
        </label>
        <label class="field"><span data-text="form"></span>
          <select class="form"><option>mp4</option><option>webm</option><option>gif</option></select></label>
        <label class="field"><span data-text="pixels"></span>
          <select class="pixels"><option>256</option><option>384</option><option selected>512</option><option>768</option>
            <option>1024</option></select></label>
      </div>
      <div class="row">
        <button type="button" class="first make" data-text="make"></button>
        <button type="button" class="second preview" data-text="preview"></button>
      </div>
      <div class="progress" hidden>
        <progress max="1" value="0"></progress>
        <span class="step" role="status"></span>
        <button type="button" class="plain cancel" data-text="cancel"></button>
      </div>
      <p class="told" role="status" hidden></p>
    </article>
    <article class="card result" hidden>
      <video controls playsinline></video>
      <img class="moving" alt="" hidden>
      <p class="caption"></p>
      <div class="row">
        <a class="first download" data-text="download"></a>
        <a class="plain srt" download="film.srt" hidden><span data-text="subtitles"></span> SRT</a>
        <a class="plain vtt" download="film.vtt" hidden><span data-text="subtitles"></span> VTT</a>
      </div>
      <small data-text="label"></small>
    </article>
  </section>
</main>
<div class="toasts" role="alert"></div>
`;

/**
 * Build the page inside an element.
 *
 * @param {HTMLElement} element
 */
export function build(element) {
  element.classList.add("avatar-talk", "avatar-animate");
  element.innerHTML = MARKUP;
  const find = (selector) => element.querySelector(selector);
  return {
    root: element,
    drop: find(".drop"),
    file: find(".drop input"),
    sheet: find(".sheet"),
    picture: find(".picture"),
    original: find(".original"),
    restored: find("img.restored"),
    overlay: find(".overlay"),
    choices: find(".choices"),
    tags: [find(".tag-before"), find(".tag-after"), find(".divider")],
    divider: find(".divider"),
    slider: find(".slider"),
    marking: find(".marking"),
    busy: find(".busy"),
    busyText: find(".busy span"),
    another: find(".another"),
    steps: find(".steps"),
    summary: find(".summary"),
    findings: find(".findings"),
    mark: find(".mark"),
    damage: find(".damage"),
    repairs: new Map(REPAIRS.map((name) => [name, find(`input[name="${name}"]`)])),
    restore: find(".restore:not(img)"),
    version: find(".version"),
    tabs: [...element.querySelectorAll("[data-tab]")],
    byText: find(".by-text"),
    byRecording: find(".by-recording"),
    text: find("textarea"),
    voice: find(".voice"),
    recording: find(".by-recording input"),
    recordingName: find(".file-name"),
    grounds: [...element.querySelectorAll('input[name="ground"]')],
    emotion: find(".emotion"),
    background: find(".background"),
    tint: find(".tint"),
    colour: find(".colour"),
    backdropField: find(".backdrop-file"),
    backdrop: find(".backdrop"),
    backdropName: find(".backdrop-name"),
    form: find(".form"),
    pixels: find(".pixels"),
    make: find(".make"),
    preview: find(".preview"),
    progress: find(".progress"),
    bar: find("progress"),
    step: find(".step"),
    cancel: find(".cancel"),
    told: find(".told"),
    result: find(".result"),
    video: find("video"),
    moving: find(".moving"),
    caption: find(".caption"),
    download: find(".download"),
    srt: find(".srt"),
    vtt: find(".vtt"),
    languages: [...element.querySelectorAll(".languages button")],
    toasts: find(".toasts"),
  };
}
