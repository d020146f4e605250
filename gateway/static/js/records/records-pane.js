// The records of a session as they are stored, the latest first.

import { read } from "../api/sessions.js";
import { everyFrame } from "../state/schedule.js";
import { t } from "../texts.js";
import { exactTime } from "../ui/format.js";
import { html, nothing, render, repeat } from "../ui/lit.js";
import { icon } from "../ui/marks.js";

const PAGE = 100;

export class RecordsPane {
  /** @param {HTMLElement} root @param {import("../state/open-session.js").OpenSession} session */
  constructor(root, session) {
    this.root = root;
    this.session = session;
    /** @type {Map<number, any>} */
    this.records = new Map();
    /** @type {number | null} */
    this.previous = null;
    this.draw = everyFrame(() => this.#draw());
    this.look = () => this.#load();
    session.addEventListener("change", this.look);
    this.#load(true);
    this.#draw();
  }

  close() {
    this.isClosed = true;
    this.session.removeEventListener("change", this.look);
  }

  async #load(isFirst = false, before = undefined) {
    try {
      const page = await read(this.session.key, "records", { limit: PAGE, before });
      for (const record of page.records) this.records.set(record.sequence, record);
      if (isFirst || before) this.previous = page.previous;
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    }
    this.draw();
  }

  #draw() {
    if (this.isClosed) return;
    const shown = [...this.records.values()].sort((a, b) => b.sequence - a.sequence);
    render(
      html`<div class="scrolls body-padded">
        ${this.trouble ? html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${this.trouble.message || t("problem.unreachable")}</span></div>` : nothing}
        <p class="about">${t("records.about")}</p>
        <ol class="records">${repeat(shown, (each) => each.sequence, recordOf)}</ol>
        ${this.previous ? html`<button type="button" class="button small plain older" @click=${() => this.#load(false, /** @type {any} */ (this.previous))}>${t("records.older")}</button>` : nothing}
      </div>`,
      this.root,
    );
  }
}

/** @param {any} record */
const recordOf = (record) => html`<li>
  <details class="fold">
    <summary><span><span class="figures">${record.sequence}</span> <b>${record.kind}</b></span><time datetime=${record.at}>${exactTime(record.at)}</time>${icon("chevron-right")}</summary>
    <div class="fold-body"><pre tabindex="0">${JSON.stringify(record, null, 2)}</pre></div>
  </details>
</li>`;
