// Dialogs: a question before what destroys, a field to fill in; whatever is modal.

import { t } from "../texts.js";
import { html, nothing, render } from "./lit.js";

/**
 * Open a modal dialog, and give what it was closed with; null where it was left.
 * @template T
 * @param {string} title
 * @param {(close: (value: T | null) => void) => unknown} content
 * @param {string} [classes]
 * @returns {Promise<T | null>}
 */
export function openDialog(title, content, classes = "") {
  const dialog = document.createElement("dialog");
  dialog.className = `dialog ${classes}`;
  dialog.setAttribute("aria-label", title);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {T | null} */
    let outcome = null;
    const close = (/** @type {T | null} */ value) => {
      outcome = value;
      dialog.close();
    };
    render(content(close), dialog);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(outcome);
    });
    dialog.showModal();
  });
}

/** Whether anything modal is open. */
export const isModal = () => document.querySelector("dialog[open]") !== null;

/**
 * Ask before what cannot be undone.
 * @param {{title: string, text: string, action: string}} question
 */
export async function confirmed({ title, text, action }) {
  const answer = await openDialog(
    title,
    (close) => html`
      <h2>${title}</h2>
      <p>${text}</p>
      <div class="dialog-buttons">
        <button type="button" class="button" autofocus @click=${() => close(null)}>${t("dialog.cancel")}</button>
        <button type="button" class="button danger is-armed" @click=${() => close(true)}>${action}</button>
      </div>
    `,
  );
  return answer === true;
}

/**
 * Ask for a text; null where the dialog was left.
 * @param {{title: string, label: string, value?: string, action: string, note?: string, isLong?: boolean}} question
 * @returns {Promise<string | null>}
 */
export function askedText({ title, label, value = "", action, note = "", isLong = false }) {
  return openDialog(title, (close) => {
    const take = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.target);
      close(String(new FormData(form).get("text")).trim());
    };
    const field = isLong
      ? html`<textarea class="field" name="text" rows="4" autofocus .value=${value}></textarea>`
      : html`<input class="field" name="text" autofocus autocomplete="off" .value=${value} />`;
    return html`<form @submit=${take}>
      <h2>${title}</h2>
      <label class="label">${label}${field}</label>
      ${note ? html`<p class="note">${note}</p>` : nothing}
      <div class="dialog-buttons">
        <button type="button" class="button" @click=${() => close(null)}>${t("dialog.cancel")}</button>
        <button class="button first">${action}</button>
      </div>
    </form>`;
  });
}
