/** Every sentence of the page, in Chinese and in English. */

import { recall } from "./memory.js";

const SENTENCES = {
  zh: {
    title: "对谈",
    subtitle: "与数字人面对面说话",
    generated: "AI 生成",
    generatedLong: "画面与声音由人工智能生成",
    language: "语言",
    pages: "其他页面",
    toTalk: "对谈",
    toPersonas: "人物",
    toVoices: "声音",
    toAnimate: "老照片",
    personas: "选择人物",
    stage: "数字人的画面",
    conversation: "对话",
    soundOn: "关闭声音",
    soundOff: "打开声音",
    talk: "开始说话",
    mute: "停止收音",
    stop: "停止回答",
    hintClosed: "点一下话筒就可以说话，也可以打字",
    hintOpen: "请说。说完不用再按，我听得出",
    shortcut: "空格键：开始或停止收音。Esc：停止回答",
    placeholder: "写点什么……",
    send: "发送",
    you: "你",
    citations: "依据 {count} 段原文",
    openPassage: "在原文中打开",
    cut: "（被打断）",
    failed: "（出了故障，没有说完）",
    nothingHeard: "（没有听清）",
    idle: "静候",
    listening: "在听",
    thinking: "在想",
    speaking: "在说",
    connecting: "正在连接……",
    waiting: "连接断了，{seconds} 秒后再试",
    full: "现在人满了，{seconds} 秒后再试",
    closed: "没有连接",
    retry: "现在重试",
    latency: "首声 {sound} 秒",
    latencyBoth: "首声 {sound} 秒 · 首帧 {frame} 秒",
    stages: "转写 {transcript} · 首词 {token} · 首句 {clause} · 首声 {sound} · 首帧 {frame}（秒）",
    micDenied: "浏览器没有得到话筒的许可。请在地址栏里允许使用话筒，或者直接打字。",
    micAbsent: "找不到话筒。请接上话筒再试，或者直接打字。",
    micBusy: "话筒打不开，可能正被别的程序占用。请关掉那个程序再试，或者直接打字。",
    micInsecure: "只有通过 https 或本机地址打开，浏览器才允许使用话筒。可以先打字。",
    soundInsecure: "只有通过 https 或本机地址打开，这个页面才能发声。现在只有文字和画面。",
    notConnected: "还没有连接上，消息没有发出。",
    keyNeeded: "服务器要求密钥。请在网址末尾加上 #key=密钥 再打开。",
    noPersona: "服务器上没有这个人物，请另选一个。",
    noPersonas: "服务器没有给出人物。请检查服务器，再刷新页面。",
    timeOver: "这次对话的时间到了。点“现在重试”开始新的对话。",
    takenOver: "这次对话已在别的窗口继续。点“现在重试”在这里开始新的对话。",
    refused: "服务器不接受这个连接（{code}）。请刷新页面。",
    close: "关闭",
  },
  en: {
    title: "Talk",
    subtitle: "Speak with a digital human, face to face",
    generated: "AI-generated",
    generatedLong: "Picture and voice are made by artificial intelligence",
    language: "Language",
    pages: "Other pages",
    toTalk: "Talk",
    toPersonas: "Personas",
    toVoices: "Voices",
    toAnimate: "Photos",
    personas: "Choose a persona",
    stage: "The digital human's picture",
    conversation: "Conversation",
    soundOn: "Turn the sound off",
    soundOff: "Turn the sound on",
    talk: "Start talking",
    mute: "Turn the microphone off",
    stop: "Stop the answer",
    hintClosed: "Press the microphone once and talk, or type",
    hintOpen: "Go ahead. No need to press again, I hear when you are done",
    shortcut: "Space: microphone on or off. Esc: stop the answer",
    placeholder: "Write something…",
    send: "Send",
    you: "You",
    citations: "Passages it rests on: {count}",
    openPassage: "Open in its context",
    cut: "(interrupted)",
    failed: "(something failed; the answer is unfinished)",
    nothingHeard: "(could not make it out)",
    idle: "Ready",
    listening: "Listening",
    thinking: "Thinking",
    speaking: "Speaking",
    connecting: "Connecting…",
    waiting: "Connection lost, trying again in {seconds} s",
    full: "All places are taken, trying again in {seconds} s",
    closed: "Not connected",
    retry: "Try now",
    latency: "first sound {sound} s",
    latencyBoth: "first sound {sound} s · first frame {frame} s",
    stages: "transcript {transcript} · first token {token} · first clause {clause} · first sound {sound} · first frame {frame} (s)",
    micDenied: "The browser may not use the microphone. Allow it in the address bar, or type instead.",
    micAbsent: "No microphone was found. Plug one in and try again, or type instead.",
    micBusy: "The microphone cannot be opened; another program may be using it. Close that program and try again, or type instead.",
    micInsecure: "Browsers allow the microphone only over https or on this machine. You can type instead.",
    soundInsecure: "This page can play sound only over https or on this machine. For now there are words and pictures.",
    notConnected: "There is no connection yet; the message was not sent.",
    keyNeeded: "The server asks for a key. Open the page again with #key=… at the end of its address.",
    noPersona: "The server has no such persona; choose another.",
    noPersonas: "The server gave no personas. Check the server, then reload the page.",
    timeOver: "This conversation's time is over. “Try now” begins a new one.",
    takenOver: "This conversation goes on in another window. “Try now” begins a new one here.",
    refused: "The server does not accept this connection ({code}). Reload the page.",
    close: "Close",
  },
};

const PLACE = /\{(\w+)\}/g;

export const LANGUAGES = Object.freeze(["zh", "en"]);

/** Take in another page's sentences: the same keys in each language. */
export function extend(more) {
  for (const language of LANGUAGES) Object.assign(SENTENCES[language], more[language]);
}

/** The keys that a language has sentences for. */
export function keys(language) {
  return Object.keys(SENTENCES[language]);
}

/** The names of the values that a sentence takes. */
export function places(language, key) {
  return [...SENTENCES[language][key].matchAll(PLACE)].map(([, name]) => name);
}

/**
 * A sentence.
 *
 * @param {"zh" | "en"} language
 * @param {string} key
 * @param {Record<string, string | number>} values for the {places} in it
 */
export function sentence(language, key, values = {}) {
  return SENTENCES[language][key].replace(PLACE, (_, name) => String(values[name]));
}

/**
 * The text of a value that the server gives in both languages, or in one.
 *
 * @param {string | {zh?: string, en?: string} | undefined} value
 * @param {"zh" | "en"} language
 */
export function inLanguage(value, language) {
  if (typeof value === "string" || value === undefined) return value ?? "";
  return value[language] ?? value.en ?? value.zh ?? "";
}

/**
 * Put a part of the page into a language: `data-text`, `data-label` (accessible name and tooltip) and
 * `data-placeholder` name the sentences.
 *
 * @param {HTMLElement} root
 * @param {"zh" | "en"} language
 */
export function translate(root, language) {
  root.lang = language === "zh" ? "zh-CN" : "en";
  root.querySelectorAll("[data-text]").forEach((node) => {
    node.textContent = sentence(language, node.dataset.text);
  });
  root.querySelectorAll("[data-label]").forEach((node) => {
    node.setAttribute("aria-label", sentence(language, node.dataset.label));
    if (node.matches("button")) node.title = sentence(language, node.dataset.label);
  });
  root.querySelectorAll("[data-placeholder]").forEach((node) => {
    node.placeholder = sentence(language, node.dataset.placeholder);
  });
}

/**
 * The language to begin with: what was chosen here before, else the page's own, else the browser's.
 *
 * @param {string | undefined} preferred
 * @returns {"zh" | "en"}
 */
export function firstLanguage(preferred) {
  const wanted = [recall("language"), preferred, ...navigator.languages];
  const known = wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag));
  return known ?? "en";
}
