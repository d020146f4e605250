// All calls that wait for a person, of all sessions, the oldest first.

import { approvals, list, may, place } from "../app.js";
import { everyFrame } from "../state/schedule.js";
import { titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render, repeat } from "../ui/lit.js";
import { decision } from "./decision.js";

export class ApprovalsPane {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.draw = everyFrame(() => this.#draw());
    approvals.addEventListener("change", this.draw);
    approvals.refresh();
    this.#draw();
  }

  close() {
    approvals.removeEventListener("change", this.draw);
    this.isClosed = true;
  }

  #draw() {
    if (this.isClosed) return;
    render(
      html`<section class="session approvals" aria-labelledby="approvals-title">
        <header class="head">
          <div class="head-line">
            <a class="tool back" href=${place.href({ view: "", session: "" })} aria-label=${t("open.back")}>${icon("arrow-left")}</a>
            <div class="head-title"><h1 id="approvals-title">${t("approvals.title")}</h1></div>
          </div>
          <p class="head-facts">${t("approvals.about")}</p>
          <div></div>
        </header>
        <div class="scrolls body-padded">${this.#content()}</div>
      </section>`,
      this.root,
    );
  }

  #content() {
    if (approvals.trouble) return html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${approvals.trouble.message || t("problem.unreachable")}</span></div>`;
    if (approvals.isLoaded && approvals.waiting.length === 0) return html`<div class="empty">${machineMark("Idle")}<h2>${t("approvals.none")}</h2><p>${t("approvals.noneHow")}</p></div>`;
    return html`<ul class="asked-list">${repeat(approvals.waiting, (each) => each.callId, asked)}</ul>`;
  }
}

/** @param {import("../state/approvals.js").Approval} approval */
function asked(approval) {
  /** @type {[string, string]} */
  const key = [approval.agent, approval.session];
  const info = list.find(key);
  return html`<li class="asked">
    <div class="asked-line">
      ${icon("wrench")}<b>${approval.name}</b>
      <a href=${place.href({ view: "session", session: approval.session, tab: "conversation" })}>${info ? titleOf(info) : approval.session}</a>
      <span class="asked-since">${t("approval.since")} <time-since at=${approval.askedAt}></time-since></span>
    </div>
    <pre tabindex="0">${JSON.stringify(approval.input, null, 2)}</pre>
    ${may("approve") ? decision(key, approval) : nothing}
  </li>`;
}
