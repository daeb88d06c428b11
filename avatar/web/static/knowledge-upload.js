/** Documents on their way into a persona's texts: one after another, each with how far it is and a way to stop it. */

import { make } from "./view.js";

/** How the whole way is shared out: the document is sent, then read. */
const SENT_SHARE = 0.3;

/** Kinds of files in which there are no words to be read. */
const NO_TEXTS = ["image", "audio", "video"];

export class Uploads {
  #list;
  #desk;
  #added;
  #waiting = [];
  #busy = false;

  /**
   * @param {HTMLElement} list
   * @param {import("./personas-desk.js").Desk} desk
   * @param {(text: object) => void} added a text can be found from now on
   */
  constructor(list, desk, added) {
    this.#list = list;
    this.#desk = desk;
    this.#added = added;
  }

  /** Take files in, in their order. */
  add(files) {
    const address = this.#desk.path("/knowledge");
    for (const file of files) this.#waiting.push(new Upload(file, address, this.#desk, this.#list));
    void this.#work();
  }

  /** Stop everything, and show nothing of it any more. */
  clear() {
    for (const upload of this.#waiting.splice(0)) upload.cancel();
    for (const item of this.#list.querySelectorAll(".upload .cancel")) item.click();
    this.#list.replaceChildren();
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const text = await this.#waiting.shift().send();
      if (text) this.#added(text);
    }
    this.#busy = false;
  }
}

class Upload {
  #file;
  #address;
  #desk;
  #item = make("li", "upload");
  #bar = make("progress");
  #step = make("span", "step");
  #cancel = make("button", "plain cancel");
  #request = null;
  #read = 0;
  #done = null;
  #cancelled = false;

  constructor(file, address, desk, list) {
    this.#file = file;
    this.#address = address;
    this.#desk = desk;
    this.#bar.max = 1;
    this.#bar.value = 0;
    this.#bar.setAttribute("aria-label", file.name);
    this.#cancel.type = "button";
    this.#cancel.textContent = desk.say("cancelUpload");
    this.#cancel.addEventListener("click", () => this.cancel());
    this.#step.textContent = desk.say("waitsItsTurn");
    this.#item.append(make("strong", "", file.name), this.#cancel, this.#bar, this.#step);
    list.append(this.#item);
  }

  /** Take it back: closing the connection stops the server's work, too. */
  cancel() {
    this.#cancelled = true;
    this.#request?.abort();
    this.#item.remove();
  }

  /** Send it; the text it became, or null where it was stopped or refused. */
  send() {
    if (this.#cancelled) return Promise.resolve(null);
    const kind = this.#file.type.split("/")[0];
    if (NO_TEXTS.includes(kind)) {
      this.#refuse(this.#desk.say(`noText-${kind}`));
      return Promise.resolve(null);
    }
    const form = new FormData();
    form.set("file", this.#file);
    const request = this.#desk.api.request("POST", this.#address, this.#desk.language);
    this.#request = request;
    return new Promise((resolve) => {
      request.upload.addEventListener("progress", ({ loaded, total }) => this.#sent(loaded / total));
      request.addEventListener("progress", () => this.#follow(request));
      request.addEventListener("loadend", () => {
        if (request.status === 200) this.#follow(request);
        else if (!this.#cancelled) this.#refuse(messageOf(request.responseText));
        if (this.#done) this.#item.remove();
        else if (!this.#cancelled && !this.#item.classList.contains("refused")) this.#refuse("");
        resolve(this.#done);
      });
      request.send(form);
    });
  }

  #sent(share) {
    this.#bar.value = SENT_SHARE * share;
    this.#step.textContent = this.#desk.say("sending", { percent: Math.round(share * 100) });
  }

  /** The events that have come since. */
  #follow(request) {
    const end = request.responseText.lastIndexOf("\n\n");
    const told = request.responseText.slice(this.#read, end);
    this.#read = Math.max(this.#read, end);
    for (const line of told.split("\n").filter((each) => each.startsWith("data:"))) this.#take(JSON.parse(line.slice(5)));
  }

  #take(event) {
    if (event.error) this.#refuse(event.error.message);
    if (event.type === "knowledge.added") this.#done = event.text;
    if (event.type !== "knowledge.progress") return;
    this.#bar.value = SENT_SHARE + (1 - SENT_SHARE) * event.share;
    this.#step.textContent = this.#desk.say(`step-${event.step}`, { percent: Math.round(event.share * 100) });
  }

  #refuse(words) {
    this.#item.classList.add("refused");
    this.#item.setAttribute("role", "alert");
    this.#bar.remove();
    this.#step.textContent = words || this.#desk.say("problem");
    this.#cancel.textContent = this.#desk.say("dismiss");
  }
}

function messageOf(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return "";
  }
}
