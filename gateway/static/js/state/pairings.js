// Senders of channels, as far as the account may know of them: who waits with a code, who is let in, who is one person.

import { listPairings } from "../api/pairings.js";
import { now } from "../ui/clock.js";
import { atMostEvery } from "./schedule.js";

/** @typedef {import("../api/pairings.js").Pairing} Pairing */

const BETWEEN = 200; // milliseconds
const SPARE = 500; // milliseconds behind the end of a code, so that the gateway says so too

export class Pairings extends EventTarget {
  /** @param {() => boolean} mayLook whether the account may */
  constructor(mayLook) {
    super();
    this.mayLook = mayLook;
    /** @type {Pairing[]} */
    this.all = [];
    /** @type {import("../api/pairings.js").Person[]} */
    this.people = [];
    /** @type {import("../api/pairings.js").Decision[]} */
    this.decisions = [];
    /** @type {Error | null} */
    this.trouble = null;
    this.isLoaded = false;
    this.refresh = atMostEvery(BETWEEN, () => this.#load());
  }

  /** Those whose code waits for the owner. */
  get waiting() {
    return this.all.filter((each) => each.state === "Requested");
  }

  /** Those who are let in, and linked with nobody. */
  get alone() {
    return this.all.filter((each) => ["Approved", "Unlinked"].includes(each.state));
  }

  /** Those who are not answered: refused, or with a code that is over. */
  get outside() {
    return this.all.filter((each) => ["Refused", "Expired"].includes(each.state));
  }

  /** @param {string} sender */
  find(sender) {
    return this.all.find((each) => each.sender === sender);
  }

  async #load() {
    if (!this.mayLook()) return;
    try {
      const { pairings, people, decisions } = await listPairings();
      Object.assign(this, { all: pairings, people, decisions, trouble: null, isLoaded: true });
      this.#awaitEnd();
    } catch (error) {
      this.trouble = error;
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Look again when the next code is over, for nobody tells of that. */
  #awaitEnd() {
    clearTimeout(this.timer);
    const ends = this.waiting.map((each) => Date.parse(each.expiresAt ?? ""));
    if (ends.length) this.timer = setTimeout(() => this.refresh(), Math.max(0, Math.min(...ends) - now()) + SPARE);
  }
}
