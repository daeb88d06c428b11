/** The Talk page: a persona to look at, to speak with and to read. */

import { Api, ApiError } from "./api.js";
import { Conversation } from "./conversation.js";
import { firstLanguage, inLanguage, sentence, translate } from "./i18n.js";
import { PassageDialog } from "./knowledge-passage.js";
import { recall, remember } from "./memory.js";
import { MicrophoneError } from "./microphone.js";
import { PersonaPicker } from "./personas.js";
import { Remembering, knownUser } from "./remembering.js";
import { Session } from "./session.js";
import { Sound } from "./sound.js";
import { build, make } from "./view.js";

/** How long a message about a problem stays, in milliseconds. */
const TOAST_STAYS = 9_000;

/** Milliseconds between two looks at what follows sound and picture. */
const PAINT_EVERY = 38;

const MICROPHONE_SENTENCES = { denied: "micDenied", absent: "micAbsent", busy: "micBusy", insecure: "micInsecure" };

const REFUSALS = { 4401: "keyNeeded", 4404: "noPersona", 4408: "timeOver", 4409: "takenOver" };

const FULL = 1013;

const TYPING = "input, textarea, select, button, summary, a, [contenteditable]";

class TalkPage {
  #view;
  #api;
  #options;
  #language;
  #personas = [];
  #persona = null;
  #picker;
  #remembering;
  #conversation;
  #session = null;
  #presence = "idle";
  #connection = { name: "connecting" };
  #muted = false;
  #timings = null;
  #painted = 0;
  #open = new Set();
  #portraits = new Map();
  #leave = new AbortController();

  constructor(element, options) {
    this.#options = options;
    this.#api = options.api ?? new Api();
    this.#language = firstLanguage(options.language);
    this.#view = build(element);
    const passages = new PassageDialog(element, this.#api);
    const open = (passage, quote) => passages.open(this.#persona.id, passage, this.#language, quote);
    this.#conversation = new Conversation(this.#view.conversation, this.#view.announcer, this.#language, open);
    const known = (user) => this.#session?.identify(user);
    this.#remembering = new Remembering(element, this.#view.remember, this.#api, known);
    this.#picker = new PersonaPicker(this.#view.personas, (id) => this.#choose(id));
    this.#listen();
    this.#speak(this.#language);
    this.#paint();
  }

  /** Fetch the personas and begin with one of them. */
  async start() {
    if (!Sound.available) this.#toast("soundInsecure");
    try {
      this.#personas = listOf(await this.#api.json("/v1/avatar/personas"));
    } catch (error) {
      this.#toast(error instanceof ApiError && error.status === 401 ? "keyNeeded" : "noPersonas");
      return;
    }
    if (this.#personas.length === 0) {
      this.#toast("noPersonas");
      return;
    }
    this.#picker.show(this.#personas, (id) => this.#portrait(id));
    const wanted = [this.#options.persona, recall("persona")];
    const first = wanted.find((id) => this.#personas.some((persona) => persona.id === id));
    await this.#choose(first ?? this.#personas[0].id);
  }

  async close() {
    this.#leave.abort();
    await this.#session?.close();
    for (const address of this.#portraits.values()) URL.revokeObjectURL(await address);
  }

  // what the user does

  #listen() {
    const view = this.#view;
    const { signal } = this.#leave;
    const on = (node, event, action) => node.addEventListener(event, action, { signal });
    on(view.talk, "click", () => this.#toggleMicrophone());
    on(view.stop, "click", () => this.#session?.stop());
    on(view.retry, "click", () => this.#session?.retry());
    on(view.sound, "click", () => this.#mute(!this.#muted));
    on(view.composer, "submit", (event) => this.#submit(event));
    on(view.text, "keydown", (event) => this.#onTyping(event));
    on(view.text, "input", () => fit(view.text));
    on(document, "keydown", (event) => this.#onShortcut(event));
    on(document, "click", () => void this.#session?.player.unlock());
    for (const button of view.languages) on(button, "click", () => this.#chooseLanguage(button.dataset.language));
  }

  #onTyping(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#view.composer.requestSubmit();
  }

  #onShortcut(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "Escape") {
      this.#session?.stop();
    } else if (event.code === "Space" && !event.target.closest?.(TYPING)) {
      event.preventDefault();
      void this.#toggleMicrophone();
    }
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#view.text.value.trim();
    if (!text || this.#session === null) return;
    if (!this.#session.write(text)) {
      this.#toast("notConnected");
      return;
    }
    this.#conversation.said(text);
    this.#view.text.value = "";
    fit(this.#view.text);
  }

  async #toggleMicrophone() {
    try {
      await this.#session?.toggleMicrophone();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#toast(MICROPHONE_SENTENCES[error.reason]);
      this.#view.text.focus();
    }
  }

  #chooseLanguage(language) {
    remember("language", language);
    if (this.#session?.greeting) this.#session.greeting = language;
    this.#speak(language);
  }

  #mute(muted) {
    this.#muted = muted;
    this.#session?.player.sound.mute(muted);
    const { sound } = this.#view;
    sound.setAttribute("aria-pressed", String(muted));
    sound.dataset.label = muted ? "soundOff" : "soundOn";
    translate(this.#view.root, this.#language);
  }

  async #choose(id) {
    if (this.#persona?.id === id) return;
    remember("persona", id);
    this.#address(id);
    this.#persona = this.#personas.find((persona) => persona.id === id);
    this.#picker.choose(id);
    await this.#session?.close();
    this.#meet();
    const address = await this.#portrait(id).catch(() => "");
    if (this.#persona.id === id) this.#view.portrait.src = address;
  }

  /** An address that names a persona names this one from now on, so that a reload does not bring another. */
  #address(id) {
    const query = new URLSearchParams(location.search);
    if (!query.has("persona")) return;
    query.set("persona", id);
    history.replaceState(null, "", `${location.pathname}?${query}`);
  }

  /** Begin a conversation with the persona that was chosen. */
  #meet() {
    const persona = this.#persona;
    this.#open.clear();
    this.#timings = null;
    this.#view.stage.classList.remove("alive");
    this.#conversation.clear(inLanguage(persona.name, this.#language));
    const greeting = inLanguage(persona.greeting, this.#language);
    if (greeting) this.#conversation.greet(greeting, this.#language);
    this.#session = new Session(this.#view.canvas, {
      persona: persona.id,
      size: this.#options.size,
      language: this.#options.speech,
      greeting: this.#options.greeting === false ? undefined : this.#language,
      user: knownUser() ?? undefined,
      api: this.#api,
    });
    this.#session.player.sound.mute(this.#muted);
    globalThis.avatarPlayer = this.#session.player;
    this.#follow(this.#session);
    void this.#session.connect();
    this.#speak(this.#language);
  }

  // what the session tells

  #follow(session) {
    const on = (type, action) =>
      session.addEventListener(type, ({ detail }) => {
        if (session === this.#session) action(detail);
      });
    on("connection", (state) => this.#onConnection(state));
    on("presence", ({ state }) => { this.#presence = state; });
    on("heard", ({ text }) => this.#conversation.said(text));
    on("reply", ({ id, language }) => this.#onReply(id, language));
    on("words", ({ id, text, at }) => this.#conversation.add(id, text, at));
    on("citations", ({ id, citations }) => this.#conversation.cite(id, citations));
    on("timings", (timings) => this.#showTimings(timings));
    on("done", ({ id, status }) => this.#onDone(id, status));
    on("problem", (problem) => this.#toastText(problem[this.#language]));
    on("microphone", (state) => this.#onMicrophone(state));
    on("picture", () => this.#view.stage.classList.add("alive"));
  }

  #onConnection(state) {
    this.#connection = state;
    if (state.name !== "open") this.#presence = "idle";
    if (state.name === "waiting" || state.name === "closed") this.#finishAll("failed");
    this.#showConnection();
  }

  #onReply(id, language) {
    this.#finishAll("completed");
    this.#open.add(id);
    this.#conversation.begin(id, language);
  }

  /** A reply that was sent to its end is still being heard; it is finished when the sound is. */
  #onDone(id, status) {
    if (status === "completed") return;
    this.#conversation.follow(id, this.#session.progress(id));
    this.#conversation.finish(id, status);
    this.#open.delete(id);
  }

  #onMicrophone({ open, reason }) {
    this.#view.talk.setAttribute("aria-pressed", String(open));
    this.#view.talk.dataset.label = open ? "mute" : "talk";
    if (reason) this.#toast(MICROPHONE_SENTENCES[reason]);
    this.#speak(this.#language);
  }

  #finishAll(status) {
    for (const id of this.#open) this.#conversation.finish(id, status);
    this.#open.clear();
  }

  // what is shown

  #speak(language) {
    const view = this.#view;
    this.#language = language;
    translate(view.root, language);
    document.documentElement.lang = view.root.lang;
    const name = inLanguage(this.#persona?.name, language);
    view.name.textContent = name;
    view.hint.textContent = sentence(language, this.#session?.microphone.isOpen ? "hintOpen" : "hintClosed");
    view.hint.title = sentence(language, "shortcut");
    view.languages.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.language === language)));
    this.#picker.speak(language);
    this.#remembering.about(this.#persona, language);
    this.#conversation.speak(language, name);
    this.#showConnection();
    this.#showTimings(this.#timings);
  }

  #showConnection() {
    const { name, seconds, code } = this.#connection;
    const { notice, noticeText, retry } = this.#view;
    notice.hidden = name === "open";
    retry.hidden = name === "connecting";
    const key = { waiting: code === FULL ? "full" : "waiting", closed: REFUSALS[code] ?? "refused" }[name] ?? "connecting";
    noticeText.textContent = sentence(this.#language, key, { seconds, code });
  }

  #showTimings(timings) {
    this.#timings = timings;
    const { latency } = this.#view;
    const seconds = (value) => (typeof value === "number" ? value.toFixed(1) : "–");
    const values = {
      transcript: seconds(timings?.transcript_s),
      token: seconds(timings?.first_token_s),
      clause: seconds(timings?.first_clause_s),
      sound: seconds(timings?.first_audio_s),
      frame: seconds(timings?.first_frame_s),
    };
    const known = typeof timings?.first_audio_s === "number";
    const key = typeof timings?.first_frame_s === "number" ? "latencyBoth" : "latency";
    latency.textContent = known ? sentence(this.#language, key, values) : "";
    latency.title = known ? sentence(this.#language, "stages", values) : "";
  }

  /** What follows sound and picture, as often as there is a new picture: more would only cost. */
  #paint(now = 0) {
    if (this.#leave.signal.aborted) return;
    const session = this.#session;
    if (session !== null && now - this.#painted > PAINT_EVERY) {
      this.#painted = now;
      this.#followReplies(session);
      this.#showPresence(session);
    }
    requestAnimationFrame((next) => this.#paint(next));
  }

  #followReplies(session) {
    for (const id of this.#open) {
      const progress = session.progress(id);
      this.#conversation.follow(id, progress);
      if (progress === null) {
        this.#conversation.finish(id, "completed");
        this.#open.delete(id);
      }
    }
  }

  #showPresence({ player, microphone, reply }) {
    const { stage, talk, stop, state } = this.#view;
    const sounding = player.state === "speaking" || player.state === "starved";
    const waiting = this.#presence === "speaking" && reply !== null;
    const held = player.state === "held";
    const presence = sounding ? "speaking" : held ? "listening" : waiting ? "thinking" : this.#presence;
    set(stage, "presence", presence);
    const connected = this.#connection.name === "open";
    const words = sentence(this.#language, connected ? presence : "closed");
    if (state.textContent !== words) state.textContent = words;
    stop.hidden = reply === null;
    stage.style.setProperty("--level", loudness(presence === "speaking" ? player.sound.rms : microphone.level));
    talk.style.setProperty("--level", loudness(microphone.level));
  }

  /** Say what went wrong. */
  #toast(key) {
    this.#toastText(sentence(this.#language, key));
  }

  #toastText(text) {
    const toast = make("div", "toast");
    const close = make("button", "", "×");
    close.type = "button";
    close.setAttribute("aria-label", sentence(this.#language, "close"));
    close.addEventListener("click", () => toast.remove());
    toast.append(make("p", "", text), close);
    this.#view.toasts.replaceChildren(...[...this.#view.toasts.children].slice(-2), toast);
    setTimeout(() => toast.remove(), TOAST_STAYS);
  }

  /** The address of a persona's picture, fetched once. */
  #portrait(id) {
    if (!this.#portraits.has(id)) {
      this.#portraits.set(id, this.#api.picture(`/v1/avatar/personas/${encodeURIComponent(id)}/portrait`));
    }
    return this.#portraits.get(id);
  }
}

/**
 * Put the Talk page into an element.
 *
 * @param {HTMLElement} element
 * @param {{language?: "zh" | "en", persona?: string, speech?: "zh" | "en", size?: number, greeting?: boolean, api?: Api}}
 *   options the page's language, who to begin with, the language of the conversation where it is fixed, the picture's
 *   width and height, whether the persona greets (it does)
 * @returns {{close: () => Promise<void>}}
 */
export function mount(element, options = {}) {
  const query = new URLSearchParams(location.search);
  const asked = { persona: query.get("persona") ?? undefined, greeting: query.get("greeting") !== "0" };
  const page = new TalkPage(element, { ...asked, ...options });
  void page.start();
  return page;
}

/** A list of personas, bare or wrapped as OpenAI wraps lists. */
function listOf(answer) {
  return Array.isArray(answer) ? answer : answer.data;
}

/** A root mean square as a share of full loudness, on a scale that suits the eye. */
function loudness(rms) {
  return Math.min(1, Math.sqrt(rms) * 1.8).toFixed(2);
}

/** Set a data attribute where it differs. */
function set(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

/** Let a text field grow with its text. */
function fit(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}
