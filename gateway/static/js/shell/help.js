// The keys, and whether single letters are any.

import { ACTIONS } from "../actions/session-actions.js";
import { preference, prefer } from "../state/preferences.js";
import { t } from "../texts.js";
import { isModal, openDialog } from "../ui/dialogs.js";
import { html } from "../ui/lit.js";

const GENERAL = ["Ctrl+K", "/", "?", "n", "g a", "g p", "g c", "z", "Escape"];
const LIST = ["j", "k", "Enter", "x", "Shift+J", ".", "Ctrl+A"];
const CONVERSATION = ["i", "Ctrl+Enter", "1", "2", "3"];

/** Whether letters alone are keys; people who dictate want none. */
export const hasLetters = () => preference("letters", "on") === "on";

export function openHelp() {
  if (isModal()) return;
  const actions = ACTIONS.filter((each) => each.key && !["unpin", "unarchive"].includes(each.id));
  openDialog(
    t("help.title"),
    (close) => html`<h2>${t("help.title")}</h2>
      <div class="help-keys">
        ${keys("general", GENERAL.map((key) => [key, t(`key.${key}`)]))} ${keys("list", LIST.map((key) => [key, t(`key.${key}`)]))}
        ${keys("session", actions.map((each) => [each.key ?? "", t(`action.${each.id}`)]))} ${keys("conversation", CONVERSATION.map((key) => [key, t(`key.${key}`)]))}
      </div>
      <label class="switch"><input type="checkbox" class="check" .checked=${hasLetters()} @change=${(/** @type {any} */ event) => prefer("letters", event.target.checked ? "on" : "off")} />${t("help.letters")}</label>
      <div class="dialog-buttons"><button type="button" class="button" autofocus @click=${() => close(null)}>${t("dialog.close")}</button></div>`,
    "wide",
  );
}

/** @param {string} group @param {[string, string][]} rows */
const keys = (group, rows) => html`<section>
  <h3>${t(`help.${group}`)}</h3>
  <dl>${rows.map(([key, text]) => html`<dt>${text}</dt><dd>${key.split(/[+ ]/).map((each) => html`<kbd>${each}</kbd> `)}</dd>`)}</dl>
</section>`;
