// Events pushed by the gateway over a WebSocket, which is made anew where it breaks and resumes from its cursor.

import { address } from "./http.js";

const SHORTEST = 250; // milliseconds until the next attempt; doubled each time
const LONGEST = 5000;

/**
 * @typedef {object} Listener
 * @property {(event: any) => void} event
 * @property {(isOpen: boolean) => void} [link] the connection came about, or was lost
 * @property {() => Promise<boolean>} [mayTry] asked before each further attempt
 */

export class EventStream {
  /**
   * @param {Record<string, unknown>} query what to hear of
   * @param {Listener} listener
   */
  constructor(query, listener) {
    this.query = query;
    this.listener = listener;
    this.cursor = "";
    this.wait = SHORTEST;
    this.isClosed = false;
    this.hurry = () => this.#soon(0);
    globalThis.addEventListener("online", this.hurry);
    this.#connect();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    globalThis.removeEventListener("online", this.hurry);
    this.socket?.close();
  }

  #connect() {
    const url = address("api/v1/events", { ...this.query, after: this.cursor });
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.wait = SHORTEST;
      this.listener.link?.(true);
    });
    socket.addEventListener("message", ({ data }) => {
      for (const line of data.split("\n")) this.#take(JSON.parse(line)); // several come at once where much happens
    });
    socket.addEventListener("close", () => {
      if (this.socket !== socket || this.isClosed) return;
      this.socket = undefined;
      this.listener.link?.(false);
      this.#soon(this.wait * (0.75 + Math.random() / 2));
      this.wait = Math.min(2 * this.wait, LONGEST);
    });
  }

  /** @param {{cursor?: string}} event */
  #take(event) {
    if (event.cursor) this.cursor = event.cursor;
    this.listener.event(event);
  }

  /** @param {number} milliseconds */
  #soon(milliseconds) {
    if (this.socket || this.isClosed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const mayTry = await (this.listener.mayTry?.() ?? true);
      if (this.isClosed || this.socket) return;
      if (mayTry) this.#connect();
      else this.#soon((this.wait = Math.min(2 * this.wait, LONGEST)));
    }, milliseconds);
  }
}
