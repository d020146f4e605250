// What a compaction would do now: made on request, for the model is asked as for a real one.

import { command, read } from "../api/sessions.js";
import { may } from "../app.js";
import { t } from "../texts.js";
import { number } from "../ui/format.js";
import { icon } from "../ui/marks.js";
import { prose } from "../ui/prose.js";
import { html, nothing } from "../ui/lit.js";
import { toast, toastError } from "../ui/toasts.js";

/** @typedef {{first: number, last: number, replaced: number, kept: number, text: string, method: string, before: number, after: number, reason: string}} Preview */

export class CompactionPreview {
  /** @param {import("../state/open-session.js").OpenSession} session @param {() => void} draw */
  constructor(session, draw) {
    this.session = session;
    this.draw = draw;
    /** @type {Preview | null} */
    this.made = null;
    this.declined = "";
    this.isBusy = false;
    this.focus = "";
    this.keep = "";
  }

  view() {
    return html`<section class="card" aria-labelledby="preview-title">
      <h2 id="preview-title">${t("preview.title")}</h2>
      <form class="preview-form" @submit=${(/** @type {SubmitEvent} */ event) => (event.preventDefault(), this.#preview())}>
        <label class="label">${t("preview.focus")}<input class="field" .value=${this.focus} @input=${(/** @type {any} */ event) => (this.focus = event.target.value)} placeholder=${t("preview.focusHow")} /></label>
        <label class="label">${t("preview.keep")}<input class="field" type="number" min="0" .value=${this.keep} @input=${(/** @type {any} */ event) => (this.keep = event.target.value)} placeholder=${t("preview.keepHow")} /></label>
        <button class="button" ?disabled=${this.isBusy}>${t(this.isBusy ? "preview.busy" : "preview.make")}</button>
        ${may("write") ? html`<button type="button" class="button first" ?disabled=${this.isBusy} @click=${() => this.#compact()}>${icon("fold-vertical")}${t("preview.compact")}</button>` : nothing}
      </form>
      <div aria-live="polite">${this.declined ? html`<p class="about">${this.declined}</p>` : nothing} ${this.made ? this.#result(this.made) : nothing}</div>
    </section>`;
  }

  /** @param {Preview} made */
  #result(made) {
    return html`<div class="summary">
      <h3>${t("preview.result", { first: made.first, last: made.last, replaced: number(made.replaced), kept: number(made.kept) })}</h3>
      <p class="figures before-after">${number(made.before)} → ${number(made.after)} ${t("boundary.tokens")} · ${t(`method.${made.method}`)}</p>
      ${made.reason ? html`<p class="remark">${made.reason}</p>` : nothing} ${prose(made.text)}
    </div>`;
  }

  get #wish() {
    return { ...(this.focus ? { focus: this.focus } : {}), ...(this.keep === "" ? {} : { keep: Number(this.keep) }) };
  }

  async #preview() {
    this.isBusy = true;
    this.made = null;
    this.declined = "";
    this.draw();
    try {
      this.made = await read(this.session.key, "compaction-preview", this.#wish);
    } catch (error) {
      this.declined = error.message;
    }
    this.isBusy = false;
    this.draw();
  }

  async #compact() {
    try {
      await command(this.session.key, "compact", this.#wish);
      this.made = null;
      toast({ text: t("done.compact", { title: this.session.key[1] }), undo: () => command(this.session.key, "undo") });
    } catch (error) {
      toastError(error);
    }
    this.draw();
  }
}
