/** The sentences of passages in their context, for every page that shows them. */

import { extend } from "./i18n.js";

extend({
  zh: {
    opening: "正在打开……",
    cannotOpen: "这一段打不开，请稍后再试。",
    earlier: "‹ 上文",
    later: "下文 ›",
    passageOf: "第 {number} 段，共 {of} 段",
    isNote: "项目笔记，不是原文",
  },
  en: {
    opening: "Opening…",
    cannotOpen: "The passage cannot be opened; try again later.",
    earlier: "‹ Earlier",
    later: "Later ›",
    passageOf: "Passage {number} of {of}",
    isNote: "a note of the project, not the source",
  },
});
