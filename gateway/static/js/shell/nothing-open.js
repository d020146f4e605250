// What stands beside the list while nothing is open.

import { t } from "../texts.js";
import { machineMark } from "../ui/marks.js";
import { html, render } from "../ui/lit.js";

const KEYS = ["Ctrl+K", "/", "j", "?"];

/** @param {HTMLElement} root */
export const nothingOpen = (root) =>
  render(
    html`<div class="empty">
      ${machineMark("Active")}
      <h2>${t("nothing.title")}</h2>
      <dl class="keys-hint">${KEYS.map((key) => html`<dt>${key.split("+").map((each) => html`<kbd>${each}</kbd> `)}</dt><dd>${t(`key.${key}`)}</dd>`)}</dl>
    </div>`,
    root,
  );
