// The turn that runs, as far as no message has it: streamed, and drawn anew a few times a second.

import { t } from "../texts.js";
import { icon } from "../ui/marks.js";
import { prose } from "../ui/prose.js";
import { html, nothing } from "../ui/lit.js";
import { thoughts } from "./blocks.js";
import { callOf } from "./calls.js";

/**
 * @param {import("../api/sessions.js").Key} key
 * @param {import("../state/streaming-turn.js").StreamingTurn} turn
 */
export const runningTurn = (key, turn) => html`<article class="message is-assistant is-running" aria-label=${t("turn.label")}>
  <header><span class="sender">${t("message.agent")}</span><span class="writing">${t("turn.writing")}</span></header>
  <div class="content" aria-live="off">${turn.parts.map((part) => partOf(key, part))}</div>
</article>`;

/** @param {import("../api/sessions.js").Key} key @param {import("../state/streaming-turn.js").Part} part */
function partOf(key, part) {
  if (part.kind === "text") return textOf(part);
  if (part.kind === "thinking") return thoughts(part.text);
  if (part.kind === "call") {
    const { id, name, input, answer } = part;
    return callOf({ id, name, input, key, isRunning: true, result: answer && { content: answer.content, is_error: answer.is_error } });
  }
  return part.kind === "note" ? note(part.piece) : nothing;
}

/** @type {WeakMap<object, {text: string, element: HTMLElement}>} */
const drawn = new WeakMap();

/** @param {{text: string}} part */
function textOf(part) {
  const found = drawn.get(part);
  if (found?.text === part.text) return found.element;
  const made = { text: part.text, element: prose(part.text) };
  drawn.set(part, made);
  return made.element;
}

/** @param {import("../state/streaming-turn.js").Piece} piece */
function note(piece) {
  if (piece.type === "retrying") return html`<p class="remark">${icon("rotate-ccw")} ${t("turn.retrying", { n: piece.seconds?.toFixed(0), reason: piece.reason })}</p>`;
  if (piece.type === "compaction_failed") return html`<p class="remark">${icon("triangle-alert")} ${t("turn.notCompacted", { reason: piece.reason })}</p>`;
  if (piece.type === "context_reset") return html`<p class="remark">${t("turn.reset", { reason: piece.reason })}</p>`;
  return nothing;
}
