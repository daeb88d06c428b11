/** The media socket, kept open: events and packets both ways, and a new connection after one that broke. */

import { readPacket } from "./packet.js";

/** Seconds before the first, second, … attempt to connect again; the last one repeats. */
const PAUSES = [1, 2, 4, 8, 15];

/** Seconds before asking again where every place was taken. */
const FULL_PAUSE = 10;

/** Close codes after which another attempt would end the same way (docs/protocol.md). */
const FINAL = new Set([4400, 4401, 4403, 4404, 4408, 4409]);

const FULL = 1013;

/** Bytes that may wait to be sent; sound from the microphone beyond them is left out. */
const MOST_WAITING = 1_000_000;

export class MediaSocket {
  #connect;
  #callbacks;
  #socket = null;
  #attempts = 0;
  #retry;
  #closed = false;

  /**
   * @param {() => WebSocket} connect opens a socket
   * @param {{onEvent: (event: any) => void, onPacket: (packet: any) => void,
   *   onState: (state: {name: "connecting" | "open" | "waiting" | "closed", seconds?: number, code?: number}) => void}}
   *   callbacks
   */
  constructor(connect, callbacks) {
    this.#connect = connect;
    this.#callbacks = callbacks;
    addEventListener("pagehide", this.#onHide);
    this.#open();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Send an event.
   *
   * @param {{type: string}} event
   * @returns {boolean} whether there was a connection to send it on
   */
  send(event) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(event));
    return true;
  }

  /** @param {ArrayBuffer} packet */
  sendPacket(packet) {
    if (this.isOpen && this.#socket.bufferedAmount < MOST_WAITING) this.#socket.send(packet);
  }

  /** Try again now, after a pause or a refusal. */
  retry() {
    if (this.#socket !== null || this.#closed) return;
    clearTimeout(this.#retry);
    this.#open();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#retry);
    removeEventListener("pagehide", this.#onHide);
    this.#socket?.close(1000);
  }

  /** The visitor leaves the page: the server need not wait for somebody who will not come back. */
  #onHide = () => this.#socket?.close(1000);

  #open() {
    this.#callbacks.onState({ name: "connecting" });
    const socket = this.#connect();
    socket.onmessage = ({ data }) => this.#onMessage(data);
    socket.onclose = ({ code }) => this.#onClose(code);
    socket.onopen = () => this.#callbacks.onState({ name: "open" });
    this.#socket = socket;
  }

  #onMessage(data) {
    if (this.#closed) return;
    this.#attempts = 0;
    if (typeof data === "string") {
      this.#callbacks.onEvent(JSON.parse(data));
      return;
    }
    const packet = readPacket(data);
    if (packet !== null) this.#callbacks.onPacket(packet);
  }

  #onClose(code) {
    this.#socket = null;
    if (this.#closed) return;
    if (FINAL.has(code)) {
      this.#callbacks.onState({ name: "closed", code });
      return;
    }
    const pause = PAUSES[Math.min(this.#attempts, PAUSES.length - 1)];
    const seconds = code === FULL ? FULL_PAUSE : pause;
    this.#attempts += 1;
    this.#callbacks.onState({ name: "waiting", seconds, code });
    this.#retry = setTimeout(() => this.#open(), seconds * 1000);
  }
}
