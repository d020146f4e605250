// The calls of all sessions that wait for a person's word.

import { listApprovals } from "../api/sessions.js";
import { atMostEvery } from "./schedule.js";

/**
 * @typedef {object} Approval
 * @property {string} agent
 * @property {string} session
 * @property {string} callId
 * @property {string} name of the tool
 * @property {object} input
 * @property {string} askedAt
 * @property {string} expiresAt
 */

const BETWEEN = 200; // milliseconds

export class Approvals extends EventTarget {
  constructor() {
    super();
    /** @type {Approval[]} */
    this.waiting = [];
    /** @type {Error | null} */
    this.trouble = null;
    this.isLoaded = false;
    this.refresh = atMostEvery(BETWEEN, () => this.#load());
  }

  async #load() {
    try {
      this.waiting = (await listApprovals()).approvals;
      this.trouble = null;
      this.isLoaded = true;
    } catch (error) {
      this.trouble = error;
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Those of a session. @param {import("../api/sessions.js").Key} key */
  of([agent, id]) {
    return this.waiting.filter((each) => each.session === id && each.agent === agent);
  }

  /** One has been decided here; the gateway will say the same. @param {string} call */
  drop(call) {
    this.waiting = this.waiting.filter((each) => each.callId !== call);
    this.dispatchEvent(new Event("change"));
  }
}
