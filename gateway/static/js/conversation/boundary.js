// A boundary: where messages left the context. It opens into what they were, and into what stands for them.

import { may, open } from "../app.js";
import { command } from "../api/sessions.js";
import { t } from "../texts.js";
import { exactTime, number } from "../ui/format.js";
import { icon } from "../ui/marks.js";
import { proseOf } from "../ui/prose.js";
import { html, nothing } from "../ui/lit.js";
import { toast, toastError } from "../ui/toasts.js";

const ICONS = { compaction: "fold-vertical", clear: "eraser", rewind: "rewind", regeneration: "refresh-cw" };

/**
 * @param {import("../state/boundaries.js").Boundary} boundary
 * @param {{isOpen: boolean, toggle: () => void, messages: unknown}} folding the messages that left, where it is open
 */
export const boundaryOf = (boundary, { isOpen, toggle, messages }) => html`<section class="boundary" data-kind=${boundary.kind} aria-label=${t(`boundary.${boundary.kind}`)}>
  <div class="boundary-line">
    <button type="button" class="boundary-fold" aria-expanded=${String(isOpen)} @click=${toggle}>
      ${icon(ICONS[boundary.kind])}<b>${t(`boundary.${boundary.kind}`)}</b>
      <span>${t("boundary.left", { n: boundary.count, count: number(boundary.count) })}</span>
      ${boundary.summary ? html`<span class="figures">${number(boundary.summary.before)} → ${number(boundary.summary.after)} ${t("boundary.tokens")}</span>` : nothing}
      ${icon("chevron-right")}
    </button>
    ${boundary.canUndo && may("write") ? html`<button type="button" class="button small" @click=${undo}>${icon("undo-2")}${t("boundary.undo")}</button>` : nothing}
  </div>
  ${isOpen ? opened(boundary, messages) : nothing}
</section>`;

/** @param {import("../state/boundaries.js").Boundary} boundary @param {unknown} messages */
const opened = (boundary, messages) => html`<div class="boundary-body">
  <p class="boundary-facts">
    ${exactTime(boundary.at)}${boundary.by ? `, ${t("boundary.by", { by: boundary.by })}` : ""}${boundary.summary ? `, ${t(`method.${boundary.summary.method}`)}` : ""}
  </p>
  ${boundary.summary ? html`<div class="summary"><h3>${t("boundary.summary", boundary.summary)}</h3>${proseOf(boundary.summary, boundary.summary.text)}</div>` : nothing}
  <div class="left-messages">${messages}</div>
</div>`;

async function undo() {
  const session = open.current;
  if (!session) return;
  try {
    await command(session.key, "undo");
    toast({ text: t("done.undo", { title: session.key[1] }) });
  } catch (error) {
    toastError(error);
  }
}
