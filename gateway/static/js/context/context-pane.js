// The context of a session: what fills its window, what would be summarised next, what its turns cost.

import { read } from "../api/sessions.js";
import { atMostEvery, everyFrame } from "../state/schedule.js";
import { t } from "../texts.js";
import { icon } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { partsView } from "./parts-view.js";
import { CompactionPreview } from "./preview-view.js";
import { turnsView } from "./turns-view.js";

const BETWEEN_LOOKS = 500; // milliseconds

export class ContextPane {
  /** @param {HTMLElement} root @param {import("../state/open-session.js").OpenSession} session */
  constructor(root, session) {
    this.root = root;
    this.session = session;
    /** @type {import("./parts-view.js").Context | null} */
    this.context = null;
    this.chosen = -1;
    this.draw = everyFrame(() => this.#draw());
    this.preview = new CompactionPreview(session, this.draw);
    this.look = atMostEvery(BETWEEN_LOOKS, () => this.#look());
    session.addEventListener("change", this.look);
    this.look();
    this.#draw();
  }

  close() {
    this.isClosed = true;
    this.session.removeEventListener("change", this.look);
  }

  async #look() {
    if (this.isClosed) return;
    try {
      this.context = await read(this.session.key, "context");
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    }
    this.draw();
  }

  #draw() {
    if (this.isClosed) return;
    const { context } = this;
    render(
      html`<div class="scrolls body-padded context">
        ${this.trouble ? html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${this.trouble.message || t("problem.unreachable")}</span></div>` : nothing}
        ${context ? html`${partsView(context)} ${this.preview.view()} ${turnsView(context.turns, this.chosen, (index) => this.#choose(index))}` : nothing}
      </div>`,
      this.root,
    );
  }

  /** @param {number} index */
  #choose(index) {
    this.chosen = index;
    this.draw();
  }
}
