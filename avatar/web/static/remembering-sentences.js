/** The sentences of what is remembered, in Chinese and in English. */

import { extend } from "./i18n.js";

extend({
  zh: {
    remember: "记住我们的谈话",
    rememberWhat: "打开后，{name}会从你说的话里记下关于你的事，下次还记得。只存在这台服务器上，随时可改可删。",
    rememberNone: "还没有记下什么。",
    rememberAll: "全部删除",
    rememberForget: "删除这一条",
    rememberText: "记忆内容",
    rememberFailed: "记忆没有存取成功，请稍后再试。",
  },
  en: {
    remember: "Remember our talks",
    rememberWhat: "Switched on, {name} keeps what you tell about yourself, for the next time. It stays on this server; change or delete it whenever you like.",
    rememberNone: "Nothing is remembered yet.",
    rememberAll: "Delete everything",
    rememberForget: "Delete this",
    rememberText: "What is remembered",
    rememberFailed: "The memories could not be reached. Try again later.",
  },
});
