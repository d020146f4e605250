// The session that is open: its messages as far as they were loaded, and the turn that runs.

import { EventStream } from "../api/events.js";
import { getSession, read } from "../api/sessions.js";
import { boundariesOf } from "./boundaries.js";
import { StreamingTurn } from "./streaming-turn.js";

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {number} number
 * @property {"user" | "assistant"} role
 * @property {string} text
 * @property {string} at
 * @property {number} tokens
 * @property {string} [sender]
 * @property {{channel: string, user: string, guild?: string, channelId?: string}} [address]
 * @property {object[]} [content] blocks; none where it is a text
 * @property {string} [stopReason]
 * @property {string} [failure]
 * @property {boolean} [archived]
 * @property {string} [leftAt] the name of the boundary at which it left the context
 * @property {boolean} [isOmitted]
 * @property {number} [cut]
 */

const PAGE = 50;
const BETWEEN_LOOKS = 40; // milliseconds in which records are gathered
const REWRITING = new Set(["summary", "cleared", "rewound", "undone", "retried", "turn_ended", "shortened"]);
const ENDING = new Set(["replied", "turn_ended", "cleared"]);
const BEGINNING = new Set(["turn_started", "retried"]);
const AT_WORK = new Set(["working", "approval", "compacting"]);

export class OpenSession extends EventTarget {
  /** @param {import("../api/sessions.js").Key} key */
  constructor(key) {
    super();
    this.key = key;
    /** @type {import("./session-info.js").Info | null} */
    this.info = null;
    /** @type {Map<number, Message>} */
    this.messages = new Map();
    /** @type {Map<string, import("./boundaries.js").ToldBoundary>} */
    this.told = new Map();
    /** @type {number | null} */
    this.previous = null;
    /** @type {Error | null} */
    this.trouble = null;
    this.isLoaded = false;
    this.isGone = false;
    this.turn = new StreamingTurn();
    /** @type {StreamingTurn | null} one whose end is durable, until its messages are here */
    this.ended = null;
    /** @type {Set<string>} the ids of calls that messages have */
    this.calls = new Set();
    /** @type {Set<string>} the ids of messages whose turn has ended; pieces of it may still be on their way */
    this.answered = new Set();
    /** @type {Map<string, {text: string, at: string}>} sent, and not seen among the messages so far */
    this.sent = new Map();
    this.stream = new EventStream(
      { agent: key[0], session: key[1], deltas: 1 },
      { event: (event) => this.#take(event), link: (isOpen) => isOpen && this.look() },
    );
    /** @type {{senders: string[], joinedTo: string | null}} who writes here directly, and to what it was joined */
    this.pairing = { senders: [], joinedTo: null };
    this.look({ isWhole: true });
    this.lookAtPairing();
  }

  /** Ask who writes here directly; where that is not known, nothing is shown of it. */
  async lookAtPairing() {
    this.pairing = await read(this.key, "pairing").catch(() => this.pairing);
    this.tell();
  }

  close() {
    this.stream.close();
    clearTimeout(this.timer);
  }

  /** @param {import("../api/sessions.js").Key} key */
  isOf([agent, id]) {
    return this.key[0] === agent && this.key[1] === id;
  }

  /** The places where messages left the context. */
  get boundaries() {
    return boundariesOf(this.told.values());
  }

  /** The messages that are loaded, in their order. */
  get shown() {
    return [...this.messages.values()].sort((a, b) => a.number - b.number);
  }

  /** Look at what has changed, in a moment. @param {{isWhole?: boolean}} what whole: at all that is loaded */
  look({ isWhole = false } = {}) {
    this.isWhole ||= isWhole;
    this.isMissed = this.isLooking;
    this.timer ??= setTimeout(() => this.#look(), this.isLoaded ? BETWEEN_LOOKS : 0);
  }

  /** Load the page of older messages. */
  async older() {
    if (this.previous === null || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      this.#add(await read(this.key, "messages", { limit: PAGE, before: this.previous }), true);
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    } finally {
      this.isLoadingOlder = false;
      this.tell();
    }
  }

  /** A message was sent from here. @param {string} id @param {string} text @param {string} at */
  expect(id, text, at) {
    this.sent.set(id, { text, at });
    this.tell();
  }

  /** It was not taken. @param {string} id */
  giveUp(id) {
    this.sent.delete(id);
    this.tell();
  }

  /** The session as the list was told of it. @param {import("./session-info.js").Info} info */
  changed(info) {
    if (this.info && this.info.sequence > info.sequence) return;
    this.info = info;
    this.tell();
  }

  async #look() {
    const { isWhole, ended, turn } = this;
    const { taken } = turn;
    this.isWhole = this.isMissed = false;
    this.isLooking = true;
    try {
      const known = this.isLoaded ? (isWhole ? Math.min(...this.messages.keys()) : Math.max(...this.messages.keys()) + 1) : Infinity;
      const [info, page] = await Promise.all([getSession(this.key), read(this.key, "messages", { limit: PAGE })]);
      this.info = info;
      if (isWhole) this.told.clear();
      this.#add(page, !this.isLoaded);
      await this.#again(page.previous, known);
      this.isLoaded = true;
      this.isGone = false;
      this.trouble = null;
      if (this.ended === ended) this.ended = null;
      if (!AT_WORK.has(info.status) && turn.taken === taken) turn.end(); // else the answer may be older than the pieces
    } catch (error) {
      this.trouble = error;
      this.isGone = error.status === 404;
    }
    this.timer = undefined;
    this.isLooking = false;
    if (this.isMissed) this.look();
    this.tell();
  }

  /** Read the pages in front, too, down to this message. */
  async #again(before, known) {
    while (before !== null && before > known) {
      const page = await read(this.key, "messages", { limit: PAGE, before });
      this.#add(page, false);
      before = page.previous;
    }
  }

  /** @param {{messages: Message[], boundaries: import("./boundaries.js").ToldBoundary[], previous: number | null}} page */
  #add(page, isOldest) {
    for (const message of page.messages) {
      this.messages.set(message.number, message);
      this.sent.delete(message.id);
    }
    for (const boundary of page.boundaries) this.told.set(boundary.checkpoint, boundary);
    if (isOldest) this.previous = page.previous;
    for (const block of page.messages.flatMap((message) => /** @type {any[]} */ (message.content ?? []))) if (block.id) this.calls.add(block.id);
    this.turn.settle(this.calls);
  }

  /** @param {any} event */
  #take(event) {
    if (event.type === "Piece") {
      if (this.answered.has(event.messageId)) return;
      this.turn.take(event);
      this.turn.settle(this.calls); // pieces may come behind the message that has them
      this.dispatchEvent(new Event("piece"));
      return;
    }
    if (event.type === "SessionChanged") return this.changed(event.info);
    const kind = event.record?.kind;
    if (BEGINNING.has(kind)) this.answered.clear();
    if (ENDING.has(kind)) this.#end(event.record.replyTo ?? []);
    this.look({ isWhole: REWRITING.has(kind) || event.type !== "RecordAppended" });
  }

  /** The turn has ended. @param {string[]} answered the ids of its messages */
  #end(answered) {
    for (const id of [...answered, this.turn.messageId]) this.answered.add(id);
    this.ended = this.turn;
    this.turn = new StreamingTurn();
  }

  tell() {
    this.dispatchEvent(new Event("change"));
  }
}
