// Accounts of ours on platforms, and what is owed to channels, as far as the account may know of them.

import { listChannels, listOutbox } from "../api/channels.js";
import { atMostEvery } from "./schedule.js";

const BETWEEN = 200; // milliseconds

/** What is looked at only while a view shows it. */
export class Channels extends EventTarget {
  constructor() {
    super();
    /** @type {import("../api/channels.js").Account[] | null} */
    this.accounts = null;
    /** @type {import("../api/channels.js").Owed[]} */
    this.owed = [];
    /** @type {Error | null} */
    this.trouble = null;
    this.isShown = false;
    this.tags = ["", ""];
    this.refresh = atMostEvery(BETWEEN, () => this.#load());
  }

  async #load() {
    if (!this.isShown) return;
    try {
      const [channels, outbox] = await Promise.all([listChannels(this.tags[0]), listOutbox(this.tags[1])]);
      this.tags = [channels.tag, outbox.tag];
      this.accounts = channels.value?.accounts ?? this.accounts;
      this.owed = outbox.value?.messages ?? this.owed;
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    }
    this.dispatchEvent(new Event("change"));
  }
}
