// The list as far as it was loaded: pages from the gateway, and what is pushed of their sessions since.

import { listSessions } from "../api/sessions.js";
import { inOrder, keyOf, nameOf } from "./session-info.js";
import { atMostEvery } from "./schedule.js";

/** @typedef {import("./session-info.js").Info} Info */

const PAGE = 200;
const BETWEEN_COUNTS = 2000; // milliseconds

export class SessionList extends EventTarget {
  constructor() {
    super();
    /** @type {Record<string, string>} */
    this.filters = {};
    /** @type {Info[]} */
    this.rows = [];
    this.total = 0;
    /** @type {Record<string, number>} how many there are of each status */
    this.counts = {};
    /** @type {string[]} */
    this.problems = [];
    /** @type {Error | null} */
    this.trouble = null;
    /** @type {Record<string, {senders: string[], joinedTo: string | null}>} by the ids of sessions */
    this.pairings = {};
    this.isLoaded = false;
    this.tag = "";
    /** @type {string | null} */
    this.next = null;
    this.recount = atMostEvery(BETWEEN_COUNTS, () => this.#first());
  }

  /** Show those of other filters. @param {Record<string, string>} filters */
  async filter(filters) {
    this.filters = filters;
    this.tag = "";
    this.isLoaded = false;
    await this.#first({ isAnother: true });
  }

  /** Load the page behind the last one, if there is one. */
  async more() {
    if (!this.next || this.isLoadingMore) return;
    const { filters, next } = this;
    this.isLoadingMore = true;
    try {
      const { value } = await listSessions(filters, { after: next, limit: PAGE });
      if (this.filters !== filters) return;
      this.next = value.next;
      Object.assign(this.pairings, value.pairings);
      this.#merge(value.sessions);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.isLoadingMore = false;
    }
  }

  /** Begin again with the first page, which is asked for even where nothing was pushed. */
  async refresh() {
    await this.#first();
  }

  /** A session has changed. @param {Info} info */
  changed(info) {
    const at = this.#indexOf(keyOf(info));
    if (at >= 0 && this.rows[at].sequence > info.sequence) return;
    if (at >= 0) this.rows.splice(at, 1);
    if (this.#takes(info, at >= 0)) this.#insert(info);
    this.recount();
    this.#tell();
  }

  /** A session is gone. @param {import("../api/sessions.js").Key} key */
  removed(key) {
    const at = this.#indexOf(key);
    if (at >= 0) this.rows.splice(at, 1);
    this.recount();
    this.#tell();
  }

  /** @param {import("../api/sessions.js").Key} key */
  find(key) {
    return this.rows[this.#indexOf(key)];
  }

  async #first({ isAnother = false } = {}) {
    const { filters } = this;
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const { tag, value } = await listSessions(filters, { limit: PAGE, tag: this.tag, signal: this.asking.signal });
      if (this.filters !== filters) return;
      this.tag = tag;
      this.trouble = null;
      this.isLoaded = true;
      if (value) this.#takeFirst(value, isAnother);
      this.#tell();
    } catch (error) {
      if (error.name !== "AbortError" && this.filters === filters) this.#fail(error);
    }
  }

  /** @param {{sessions: Info[], next: string | null, total: number, counts: Record<string, number>, problems: string[]}} page */
  #takeFirst(page, isAnother) {
    const last = page.sessions.at(-1);
    const behind = isAnother || !page.next || !last ? [] : this.rows.filter((row) => inOrder(row, last) > 0);
    if (behind.length === 0) this.next = page.next;
    this.rows = behind;
    this.pairings = { ...(behind.length ? this.pairings : {}), ...page.pairings };
    this.#merge(page.sessions);
    this.total = page.total;
    this.counts = page.counts ?? {};
    this.problems = page.problems ?? [];
  }

  /** @param {Info[]} sessions */
  #merge(sessions) {
    const fresh = new Map(sessions.map((each) => [nameOf(keyOf(each)), each]));
    const others = this.rows.filter((row) => !fresh.has(nameOf(keyOf(row))));
    this.rows = [...others, ...sessions].sort(inOrder);
    this.#tell();
  }

  /** Whether a session that has changed belongs here; where the gateway alone can say, as it did before. */
  #takes(info, wasHere) {
    const { agent, status, channel, owner, tag, archived, text } = this.filters;
    if (agent && info.agent !== agent) return false;
    if (Boolean(archived) !== info.archived) return false;
    if (status && info.status !== status) return false;
    if (owner && info.owner !== owner) return false;
    if (tag && !info.tags.includes(tag)) return false;
    if (channel && !info.channels.includes(channel)) return false;
    return !text || wasHere;
  }

  /** @param {Info} info */
  #insert(info) {
    let from = 0;
    let to = this.rows.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (inOrder(this.rows[middle], info) < 0) from = middle + 1;
      else to = middle;
    }
    if (from < this.rows.length || !this.next) this.rows.splice(from, 0, info);
  }

  #indexOf([agent, id]) {
    return this.rows.findIndex((row) => row.id === id && row.agent === agent);
  }

  /** @param {Error} error */
  #fail(error) {
    this.trouble = error;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
