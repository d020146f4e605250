// The conversation of the session that is open, its newest part in sight.

import { approvals, may, open } from "../app.js";
import { patchSession } from "../api/sessions.js";
import { atMostEvery, everyFrame } from "../state/schedule.js";
import { t } from "../texts.js";
import { dayOf, number, timeOfDay } from "../ui/format.js";
import { icon, machineMark } from "../ui/marks.js";
import { guard, html, nothing, render, repeat } from "../ui/lit.js";
import { boundaryOf } from "./boundary.js";
import { composer, resume } from "./composer.js";
import { isResults, messageOf } from "./message.js";
import { runningTurn } from "./running.js";

const AT_END = 60; // pixels from the end that count as being there
const BETWEEN_PIECES = 60; // milliseconds
const BETWEEN_READS = 1500;

/** @typedef {import("../state/open-session.js").Message} Message */

export class ConversationPane {
  /** @param {HTMLElement} root @param {import("../state/open-session.js").OpenSession} session */
  constructor(root, session) {
    this.root = root;
    this.session = session;
    /** @type {Set<string>} names of boundaries that are open */
    this.opened = new Set();
    this.isAtEnd = true;
    this.draw = everyFrame(() => this.#draw());
    this.drawPieces = atMostEvery(BETWEEN_PIECES, this.draw);
    this.markRead = atMostEvery(BETWEEN_READS, () => this.#markRead());
    session.addEventListener("change", this.draw);
    session.addEventListener("piece", this.drawPieces);
    approvals.addEventListener("change", this.draw);
    document.addEventListener("visibilitychange", this.draw);
    this.#draw();
    resume(session);
  }

  close() {
    this.session.removeEventListener("change", this.draw);
    this.session.removeEventListener("piece", this.drawPieces);
    approvals.removeEventListener("change", this.draw);
    document.removeEventListener("visibilitychange", this.draw);
    this.draw = this.drawPieces = () => {};
    this.isClosed = true;
  }

  get #scroll() {
    return /** @type {HTMLElement | null} */ (this.root.querySelector(".conversation"));
  }

  #draw() {
    if (this.isClosed) return;
    const scroll = this.#scroll;
    const fromEnd = scroll ? scroll.scrollHeight - scroll.scrollTop : 0;
    const wasFirst = this.first;
    render(this.#content(), this.root);
    const now = /** @type {HTMLElement} */ (this.#scroll);
    if (this.isAtEnd) now.scrollTop = now.scrollHeight;
    else if (wasFirst !== this.first) now.scrollTop = now.scrollHeight - fromEnd;
    if (this.#isToBeRead) this.markRead();
  }

  #content() {
    const { session } = this;
    const messages = session.shown;
    this.first = messages[0]?.number;
    return html`<div class="conversation-frame">
      <div class="conversation scrolls" tabindex="-1" @scroll=${this.#scrolled}>
        <div class="column">
          ${this.#top()} ${session.isLoaded && messages.length === 0 && session.sent.size === 0 ? begin() : nothing}
          ${this.#pieces(messages)} ${[session.ended, session.turn].filter((turn) => turn && !turn.isEmpty).map((turn) => runningTurn(session.key, /** @type {any} */ (turn)))}
          ${[...session.sent].map(([id, sent]) => pending(id, sent))} ${this.#waiting()}
        </div>
      </div>
      ${this.isAtEnd ? nothing : html`<button type="button" class="button small to-end" @click=${() => this.toEnd()}>${icon("arrow-down")}${t("conversation.toEnd")}</button>`}
      ${composer(session, this.draw)}
    </div>`;
  }

  toEnd() {
    this.isAtEnd = true;
    this.draw();
  }

  /** What stands above the oldest message that is there. */
  #top() {
    const { session } = this;
    if (session.trouble && !session.isGone) return html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${session.trouble.message || t("problem.unreachable")}</span><button type="button" class="button small" @click=${() => session.look({ isWhole: true })}>${t("list.again")}</button></div>`;
    if (!session.isLoaded) return html`<p class="loading">${t("conversation.loading")}</p>`;
    if (session.previous === null) return nothing;
    return html`<button type="button" class="button small plain older" @click=${() => session.older()}>${icon("arrow-up")}${t("conversation.older", { n: session.previous - 1, count: number(session.previous - 1) })}</button>`;
  }

  /** Messages and boundaries in their order; messages that left the context stand in their boundary. */
  #pieces(messages) {
    const { boundaries } = this.session;
    const known = new Map(boundaries.map((each) => [each.name, each]));
    /** @type {Map<string, Message[]>} */
    const left = new Map();
    /** @type {(Message | import("../state/boundaries.js").Boundary)[]} */
    const found = [];
    for (const message of messages) {
      const boundary = message.leftAt ? known.get(message.leftAt) : undefined;
      if (!boundary) found.push(message);
      else left.set(boundary.name, [...(left.get(boundary.name) ?? []), message]);
    }
    const first = messages[0]?.number ?? 0;
    const shown = boundaries.filter((each) => each.place >= first);
    const all = [...found, ...shown].sort((a, b) => placeOf(a) - placeOf(b));
    return repeat(all, nameOfPiece, (piece, at) => ("kind" in piece ? this.#boundary(piece, left.get(piece.name) ?? [], messages) : this.#message(piece, all, at, messages)));
  }

  #boundary(boundary, left, messages) {
    const isOpen = this.opened.has(boundary.name);
    const toggle = () => {
      if (!this.opened.delete(boundary.name)) this.opened.add(boundary.name);
      this.isAtEnd = false;
      this.#reach(boundary);
      this.draw();
    };
    const content = isOpen ? left.map((message, at) => this.#message(message, left, at, messages)) : nothing;
    return boundaryOf(boundary, { isOpen, toggle, messages: content });
  }

  /** Load what left at a boundary, as far as it is not there. */
  async #reach(boundary) {
    while (this.session.previous !== null && this.session.previous > boundary.first && this.opened.has(boundary.name)) {
      const before = this.session.previous;
      await this.session.older();
      if (this.session.previous === before) return;
    }
  }

  #message(message, among, at, messages) {
    if (isResults(message)) return nothing;
    const above = among.slice(0, at).findLast((/** @type {any} */ each) => !("kind" in each) && !isResults(each));
    const isNewDay = !above || dayOf(above.at) !== dayOf(message.at);
    const isLast = message === messages.findLast((/** @type {Message} */ each) => !isResults(each));
    const results = resultsOf(messages);
    const waits = approvals.of(this.session.key).length;
    const isWorking = isLast && this.session.info?.status;
    return html`${isNewDay ? html`<h2 class="day"><span>${dayOf(message.at)}</span></h2>` : nothing}
    ${guard([message, above, isLast, isWorking, waits, may("write"), callResults(message, results)], () => messageOf(message, isNewDay ? undefined : above, results, { isLast }))}`;
  }

  #waiting() {
    const { info, turn } = this.session;
    if (info?.status !== "working" || !turn.isEmpty) return nothing;
    return html`<p class="thinking" role="status"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("turn.waiting")}</p>`;
  }

  #scrolled = () => {
    const scroll = this.#scroll;
    if (!scroll) return;
    const wasAtEnd = this.isAtEnd;
    this.isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < AT_END;
    if (scroll.scrollTop < scroll.clientHeight / 2 && this.session.isLoaded && !this.isAtEnd) this.session.older();
    if (wasAtEnd !== this.isAtEnd) this.draw();
  };

  /** Whether somebody sees messages that were not read before. */
  get #isToBeRead() {
    const { info, isLoaded } = this.session;
    return isLoaded && Boolean(info?.unread) && this.isAtEnd && document.visibilityState === "visible" && may("write");
  }

  #markRead() {
    const { info, key } = this.session;
    if (!info || !this.#isToBeRead) return;
    patchSession(key, { read: info.messages }).catch(() => {}); // it is shown as unread then, and tried at the next message
  }
}

const placeOf = (piece) => ("kind" in piece ? piece.place + 0.5 : piece.number);
const nameOfPiece = (piece) => ("kind" in piece ? `boundary ${piece.name}` : piece.number);

/** @type {WeakMap<object, Map<string, any>>} */
const found = new WeakMap();

/** The results of calls in these messages, by the ids of the calls. @param {Message[]} messages */
function resultsOf(messages) {
  let results = found.get(messages);
  if (!results) {
    const blocks = messages.flatMap((message) => /** @type {any[]} */ (message.content ?? []));
    results = new Map(blocks.filter((block) => block.type === "tool_result").map((block) => [block.tool_use_id, block]));
    found.set(messages, results);
  }
  return results;
}

/** How many calls of a message have results. */
const callResults = (message, results) => (message.content ?? []).filter((/** @type {any} */ block) => results.has(block.id)).length;

/** @param {string} id @param {{text: string, at: string}} sent */
const pending = (id, sent) => html`<article class="message is-user is-pending" data-id=${id}>
  <header><span class="sender">${t("message.user")}</span><time>${timeOfDay(sent.at)}</time><span class="writing">${t("message.sending")}</span></header>
  <div class="content"><div class="prose is-plain">${sent.text}</div></div>
</article>`;

const begin = () => html`<div class="empty">${machineMark("Created")}<h2>${t("conversation.empty")}</h2><p>${t("conversation.emptyHow")}</p></div>`;
