// Short messages at the edge: what was done, with a way to undo it, and what could not be done.

import { t } from "../texts.js";
import { icon } from "./marks.js";
import { html, nothing, render, repeat } from "./lit.js";

const SHOWN = 10_000; // milliseconds
const MOST = 4;

/** @typedef {{text: string, isFailed?: boolean, undo?: () => Promise<unknown>}} Message */

/** @type {(Message & {id: number})[]} */
let shown = [];
let latest = 0;
const place = document.createElement("div");
place.className = "toasts";
place.setAttribute("role", "status");
place.setAttribute("aria-live", "polite");

/** Put them into the page. */
export const showToasts = () => document.body.append(place);

/** @param {Message} message */
export function toast(message) {
  const id = ++latest;
  shown = [...shown, { ...message, id }].slice(-MOST);
  setTimeout(() => dismiss(id), message.isFailed ? 2 * SHOWN : SHOWN);
  draw();
}

/** Tell of an error. @param {Error} error */
export const toastError = (error) => toast({ text: error.message || t("problem.unreachable"), isFailed: true });

/** Undo the latest thing that can be undone. */
export async function undoLatest() {
  const message = shown.findLast((each) => each.undo);
  if (message) await undo(message);
}

/** @param {Message & {id: number}} message */
async function undo(message) {
  dismiss(message.id);
  try {
    await message.undo?.();
    toast({ text: t("toast.undone") });
  } catch (error) {
    toastError(error);
  }
}

/** @param {number} id */
function dismiss(id) {
  shown = shown.filter((each) => each.id !== id);
  draw();
}

function draw() {
  const one = (/** @type {Message & {id: number}} */ message) => html`<div class="toast ${message.isFailed ? "is-failed" : ""}">
    ${icon(message.isFailed ? "triangle-alert" : "check")}<span>${message.text}</span>
    ${message.undo ? html`<button type="button" class="button small" @click=${() => undo(message)}>${t("toast.undo")}<kbd>z</kbd></button>` : nothing}
    <button type="button" class="tool small" aria-label=${t("toast.dismiss")} @click=${() => dismiss(message.id)}>${icon("x")}</button>
  </div>`;
  render(repeat(shown, (message) => message.id, one), place);
}
