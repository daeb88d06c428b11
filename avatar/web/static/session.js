/**
 * A conversation without a page: the socket, the player and the microphone joined. Whatever shows it listens to its
 * events (docs/embedding.md):
 *
 *   connection  {name: "connecting" | "open" | "waiting" | "closed", seconds, code}
 *   ready       {session, persona}
 *   presence    {state: "idle" | "listening" | "thinking" | "speaking"}
 *   heard       {id, text}                  what the user said
 *   reply       {id, language}              a reply begins
 *   words       {id, text, at}              its next words, and the microseconds of sound before them
 *   citations   {id, citations}
 *   timings     {id, …seconds}
 *   done        {id, status}                all of it was sent, or it was broken off
 *   problem     {code, zh, en}              an error's sentences
 *   microphone  {open, reason}              opened, closed, or lost
 *   picture     {}                          a picture was shown
 */

import { Api } from "./api.js";
import { Microphone } from "./microphone.js";
import { Kind, writePacket } from "./packet.js";
import { Player, bestCodec } from "./player.js";
import { MediaSocket } from "./socket.js";

/** Milliseconds between two reports of how much was heard. */
const REPORT_EVERY = 200;

/** Close codes after which the conversation cannot be gone on with: its time is over, or it is held or kept no more. */
const ENDED = new Set([1000, 1011, 1012, 4408, 4409, 4410]);

/** What each of the server's events does; filled in by the class below, whose private parts it needs. */
let handlers = {};

export class Session extends EventTarget {
  player;
  microphone;

  /** The language to be greeted in; undefined: not at all. */
  greeting;

  #api;
  #query;
  #resume = null;
  #socket = null;
  #reply = null;
  #presence = "idle";
  #reported = -1;
  #reports;
  #greeted = false;
  #user;

  /**
   * @param {HTMLCanvasElement} canvas where the face is shown
   * @param {{persona: string, size?: number, language?: "zh" | "en", greeting?: "zh" | "en", user?: string, api?: Api}}
   *   options
   *   `language` fixes the language of the conversation; without it the persona follows the user. `greeting`: the
   *   persona greets in this language as soon as sound is allowed, if nothing was said until then. `user`: the
   *   token of a user who wished to be remembered.
   */
  constructor(canvas, { persona, size, language, greeting, user, api = new Api() }) {
    super();
    this.#user = user;
    this.#api = api;
    this.greeting = greeting;
    this.#query = { persona, ...(size && { size: String(size) }), ...(language && { language }) };
    this.player = new Player(canvas, {
      onKeyFrameNeeded: () => this.#socket?.send({ type: "avatar.keyframe" }),
      onPicture: () => this.#tell("picture"),
    });
    this.microphone = new Microphone(
      (pcm) => this.#socket?.sendPacket(writePacket({ kind: Kind.MICROPHONE }, pcm)),
      () => this.#tell("microphone", { open: false, reason: "absent" }),
    );
    this.#reports = setInterval(() => this.#report(), REPORT_EVERY);
  }

  /** The reply being given or played: {id, generation, done}; null where there is none. */
  get reply() {
    return this.#reply;
  }

  /**
   * How far the sound of a reply is.
   *
   * @param {string} id
   * @returns {{heard: number, received: number} | null} in microseconds; null where it is not the reply being played.
   */
  progress(id) {
    if (this.#reply?.id !== id) return null;
    if (this.#reply.generation !== this.player.generation) return { heard: 0, received: 0 };
    return { heard: this.player.heard, received: this.player.sound.received };
  }

  /** Connect, and stay connected. */
  async connect() {
    const query = { ...this.#query, codec: await bestCodec() };
    const open = () => this.#api.socket("/v1/avatar/media", this.#resume ? { resume: this.#resume } : query);
    this.#socket = new MediaSocket(open, {
      onEvent: (event) => this.#onEvent(event),
      onPacket: (packet) => this.player.receive(packet),
      onState: (state) => this.#onConnection(state),
    });
  }

  /** Tell the server whose conversation it is, now and in every one that is begun anew. */
  identify(user) {
    this.#user = user;
    if (user) this.#socket?.send({ type: "session.update", session: { type: "realtime", avatar: { user } } });
  }

  /** Connect again now, without waiting any longer. */
  retry() {
    this.#socket?.retry();
  }

  /**
   * Say something by writing it. A reply that is being given is broken off.
   *
   * @param {string} text
   * @returns {boolean} false where there is no connection
   */
  write(text) {
    void this.player.unlock();
    this.stop();
    if (this.#presence === "thinking") this.#socket?.send({ type: "response.cancel" });
    const item = { type: "message", role: "user", content: [{ type: "input_text", text }] };
    const sent = this.#socket?.send({ type: "conversation.item.create", item }) ?? false;
    if (sent) this.#socket.send({ type: "response.create" });
    return sent;
  }

  /**
   * Open the microphone, or close it.
   *
   * @throws {import("./microphone.js").MicrophoneError}
   */
  async toggleMicrophone() {
    void this.player.unlock();
    if (this.microphone.isOpen) this.microphone.close();
    else await this.microphone.open();
    this.#tell("microphone", { open: this.microphone.isOpen });
  }

  /** Break the reply off: silence at once, and the persona remembers only what was heard. */
  stop() {
    const reply = this.#reply;
    if (reply === null) return;
    this.#breakOff(reply, "cancelled");
    this.#socket?.send({ type: "response.cancel", response_id: reply.id });
  }

  async close() {
    clearInterval(this.#reports);
    this.microphone.close();
    this.#socket?.close();
    await this.player.close();
  }

  #onConnection(state) {
    if (state.name !== "open") this.#reply = null;
    if (ENDED.has(state.code)) this.#resume = null;
    this.#tell("connection", state);
  }

  #onEvent(event) {
    handlers[event.type]?.(this, event);
  }

  /** Be greeted in a new conversation, once it can be heard: until a click or a key press, browsers allow no sound. */
  async #beGreeted() {
    if (this.greeting === undefined || this.#greeted) return;
    this.#greeted = true;
    if (await this.player.unlock()) this.#socket?.send({ type: "avatar.greet", language: this.greeting });
  }

  /** Tell the server how much was heard, where that has changed. */
  #report() {
    const reply = this.#reply;
    if (reply === null) return;
    const present = reply.generation === this.player.generation;
    const heard = Math.floor(this.player.heard / 1000);
    if (present && heard !== this.#reported && this.player.sound.played > 0) {
      this.#reported = heard;
      this.#socket?.send({ type: "avatar.played", response_id: reply.id, audio_end_ms: heard });
    }
    if (reply.done && !(present && this.player.state !== "quiet")) this.#reply = null;
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  static {
    handlers = {
      "avatar.ready": (session, event) => {
        session.player.restart(event.generation);
        session.#resume = event.resume;
        session.#reply = null;
        if (!event.resumed) {
          session.identify(session.#user);
          void session.#beGreeted();
        }
        session.#tell("ready", event);
      },
      "avatar.state": (session, { state }) => session.#onPresence(state),
      "conversation.item.input_audio_transcription.completed": (session, { item_id, transcript }) =>
        session.#tell("heard", { id: item_id, text: transcript }),
      "avatar.reply.started": (session, { response_id, generation, language }) => {
        session.#reply = { id: response_id, generation, done: false };
        session.#reported = -1;
        session.#tell("reply", { id: response_id, language });
      },
      "response.output_audio_transcript.delta": (session, event) => session.#onWords(event),
      "response.output_text.delta": (session, event) => session.#onWords(event),
      "avatar.playback.held": (session, { response_id }) => {
        if (session.#reply?.id === response_id) session.player.hold(session.#reply.generation);
      },
      "avatar.playback.resumed": (session, { response_id }) => {
        if (session.#reply?.id === response_id) session.player.resume();
      },
      "avatar.citations": (session, { response_id, citations }) =>
        session.#tell("citations", { id: response_id, citations }),
      "avatar.timings": (session, { response_id, ...seconds }) =>
        session.#tell("timings", { id: response_id, ...seconds }),
      "response.done": (session, { response }) => session.#onDone(response),
      error: (session, { error }) => session.#onError(error),
    };
  }

  #onWords({ response_id, delta }) {
    const present = this.#reply?.generation === this.player.generation;
    this.#tell("words", { id: response_id, text: delta, at: present ? this.player.sound.received : 0 });
  }

  /** A persona that listens while its reply still sounds here was interrupted after all of the reply had been sent. */
  #onPresence(state) {
    this.#presence = state;
    if (state === "listening" && this.#reply?.done) this.#breakOff(this.#reply, "cancelled");
    this.#tell("presence", { state });
  }

  #onDone({ id, status }) {
    const reply = this.#reply;
    if (reply?.id !== id) return;
    reply.done = true;
    if (status === "completed") this.#tell("done", { id, status });
    else this.#breakOff(reply, status);
  }

  /** Silence at once, and tell how much was heard. */
  #breakOff(reply, status) {
    this.player.stop(reply.generation);
    this.#report();
    this.#tell("done", { id: reply.id, status });
    this.#reply = null;
  }

  #onError({ code, message, message_zh, message_en }) {
    if (code === "response_cancel_not_active") return;
    this.#tell("problem", { code, zh: message_zh ?? message, en: message_en ?? message });
  }
}
