// The row that the keyboard is at, and those that are chosen for something to be done with all of them.

import { keyOf, nameOf } from "./session-info.js";

/** @typedef {import("./session-info.js").Info} Info */

export class Selection extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, Info>} */
    this.chosen = new Map();
    /** @type {Map<string, {isFailed: boolean, text: string}>} what came of it, by the names of rows */
    this.outcomes = new Map();
    this.anchor = -1;
  }

  /** @param {Info} info */
  has(info) {
    return this.chosen.has(nameOf(keyOf(info)));
  }

  /** @param {Info} info */
  toggle(info) {
    const name = nameOf(keyOf(info));
    if (!this.chosen.delete(name)) this.chosen.set(name, info);
    this.#tell();
  }

  /** @param {Info[]} infos */
  choose(infos) {
    for (const info of infos) this.chosen.set(nameOf(keyOf(info)), info);
    this.#tell();
  }

  clear() {
    this.chosen.clear();
    this.outcomes.clear();
    this.#tell();
  }

  /** @param {Info} info @param {{isFailed: boolean, text: string}} outcome */
  tell(info, outcome) {
    this.outcomes.set(nameOf(keyOf(info)), outcome);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
