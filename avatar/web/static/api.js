/** Where the server is, and the key that it may ask for. */

const KEY = "avatar.key";

export class Api {
  #base;
  #key;

  /**
   * @param {string} base the server's address, such as "https://host:7860"; the page's own by default
   * @param {string | null} key the server's key, where it asks for one
   */
  constructor(base = location.origin, key = rememberedKey()) {
    this.#base = base.replace(/\/$/, "");
    this.#key = key;
  }

  /**
   * A resource as JSON.
   *
   * @param {string} path
   * @throws {ApiError}
   */
  async json(path) {
    return (await this.#get(path)).json();
  }

  /**
   * A picture as an address that an <img> can show. The caller revokes it.
   *
   * @param {string} path
   * @throws {ApiError}
   */
  async picture(path) {
    return URL.createObjectURL(await (await this.#get(path)).blob());
  }

  /**
   * An open socket. A browser can send a key only among the subprotocols.
   *
   * @param {string} path
   * @param {Record<string, string>} query
   */
  socket(path, query) {
    const address = `${this.#base.replace(/^http/, "ws")}${path}?${new URLSearchParams(query)}`;
    const protocols = this.#key ? ["realtime", `openai-insecure-api-key.${this.#key}`] : [];
    const socket = new WebSocket(address, protocols);
    socket.binaryType = "arraybuffer";
    return socket;
  }

  /**
   * Send something, and what the server answers.
   *
   * @param {string} method of HTTP
   * @param {string} path
   * @param {FormData | object | null} body an object goes as JSON
   * @param {{language?: "zh" | "en", signal?: AbortSignal, headers?: Record<string, string>}} options
   *   language: of the sentence, if something is wrong
   * @throws {ApiError}
   */
  async send(method, path, body = null, { language, signal, headers: more } = {}) {
    const headers = { ...more, ...(this.#key && { Authorization: `Bearer ${this.#key}` }) };
    if (language) headers["Accept-Language"] = language;
    const asJson = body !== null && !(body instanceof FormData);
    if (asJson) headers["Content-Type"] = "application/json";
    const response = await fetch(this.#base + path, {
      method,
      headers,
      signal,
      body: asJson ? JSON.stringify(body) : body,
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /**
   * A request that tells how much of it was sent, which fetch cannot. The caller sets what it listens for, and sends it.
   *
   * @param {string} method of HTTP
   * @param {string} path
   * @param {"zh" | "en"} language of the sentence, if something is wrong
   * @returns {XMLHttpRequest}
   */
  request(method, path, language) {
    const request = new XMLHttpRequest();
    request.open(method, this.#base + path);
    request.setRequestHeader("Accept-Language", language);
    if (this.#key) request.setRequestHeader("Authorization", `Bearer ${this.#key}`);
    return request;
  }

  async #get(path) {
    const headers = this.#key ? { Authorization: `Bearer ${this.#key}` } : {};
    const response = await fetch(this.#base + path, { headers });
    if (!response.ok) throw new ApiError(response.status);
    return response;
  }
}

/** The error that a refused answer is, with what the server says of it, where it says anything. */
async function refusal(response) {
  try {
    const { message, code } = (await response.json()).error;
    return new ApiError(response.status, message, code);
  } catch {
    return new ApiError(response.status);
  }
}

export class ApiError extends Error {
  /**
   * @param {number} status of HTTP
   * @param {string} sentence what the server said, or nothing
   * @param {string} code the error's name, where the server gave one
   */
  constructor(status, sentence = "", code = "") {
    super(sentence || `HTTP ${status}`);
    this.status = status;
    this.sentence = sentence;
    this.code = code;
  }
}

/** The key given once in the address as `#key=…`; the part after # never leaves the browser. Kept for this tab. */
function rememberedKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}
