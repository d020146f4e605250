// The question which session linked senders are to share.

import { pairings } from "../app.js";
import { t } from "../texts.js";
import { openDialog } from "../ui/dialogs.js";
import { html } from "../ui/lit.js";

const OTHER = "other";

/**
 * Ask which session survives: the oldest of theirs, one of them, or another that is named.
 * @param {string[]} senders
 * @returns {Promise<string | null>} its id, empty for the oldest; null where the dialog was left
 */
export function askedLink(senders) {
  const sessions = [...new Set(senders.flatMap((each) => [pairings.find(each)?.session ?? each, each]))];
  return openDialog(t("people.linkTitle"), (close) => {
    const take = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
      const chosen = String(given.get("session"));
      const name = String(given.get("name")).trim();
      if (chosen !== OTHER) close(chosen.slice(1));
      else if (name) close(name);
    };
    return html`<form @submit=${take}>
      <h2>${t("people.linkTitle")}</h2>
      <p>${t("people.linkText", { senders: senders.join(", ") })}</p>
      <fieldset class="choices">
        <legend class="label">${t("people.survives")}</legend>
        ${choice("=", html`${t("people.oldest")}`, true)}
        ${sessions.map((each) => choice(`=${each}`, html`<code>${each}</code>`))}
        ${choice(OTHER, html`${t("people.otherSession")}`)}
        <input class="field" name="name" aria-label=${t("people.otherName")} placeholder="user-ada" autocomplete="off" @input=${chooseOther} />
      </fieldset>
      <p class="note">${t("people.linkNote")}</p>
      <div class="dialog-buttons">
        <button type="button" class="button" autofocus @click=${() => close(null)}>${t("dialog.cancel")}</button>
        <button class="button first">${t("people.linkAction")}</button>
      </div>
    </form>`;
  });
}

/** @param {string} value @param {unknown} label */
const choice = (value, label, isChosen = false) => html`<label class="choice"><input type="radio" name="session" value=${value} ?checked=${isChosen} />${label}</label>`;

/** @param {InputEvent} event */
function chooseOther(event) {
  const form = /** @type {HTMLInputElement} */ (event.target).form;
  const radio = /** @type {HTMLInputElement | null} */ (form?.querySelector(`[value=${OTHER}]`) ?? null);
  if (radio) radio.checked = true;
}
