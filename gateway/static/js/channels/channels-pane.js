// Accounts of ours on platforms: how each stands, and what is owed to each platform.

import { dropOwed, listChannels, listOutbox } from "../api/channels.js";
import { may, place } from "../app.js";
import { t } from "../texts.js";
import { confirmed } from "../ui/dialogs.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { toast, toastError } from "../ui/toasts.js";

const BETWEEN = 2000; // milliseconds between two looks; what has not changed is not sent again
/** The colours of states are those of sessions. */
const STATUS = { connected: "idle", connecting: "working", failing: "failed", stopped: "parked" };

export class ChannelsPane {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {import("../api/channels.js").Account[] | null} */
    this.accounts = null;
    /** @type {import("../api/channels.js").Owed[]} */
    this.owed = [];
    /** @type {Error | null} */
    this.trouble = null;
    this.tags = ["", ""];
    this.#draw();
    this.#look();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  async #look() {
    try {
      const [channels, outbox] = await Promise.all([listChannels(this.tags[0]), listOutbox(this.tags[1])]);
      this.tags = [channels.tag, outbox.tag];
      this.accounts = channels.value?.accounts ?? this.accounts;
      this.owed = outbox.value?.messages ?? this.owed;
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    }
    if (this.isClosed) return;
    this.#draw();
    this.timer = setTimeout(() => this.#look(), BETWEEN);
  }

  #draw() {
    render(
      html`<section class="session channels" aria-labelledby="channels-title">
        <header class="head">
          <div class="head-line">
            <a class="tool back" href=${place.href({ view: "", session: "" })} aria-label=${t("open.back")}>${icon("arrow-left")}</a>
            <div class="head-title"><h1 id="channels-title">${t("channels.title")}</h1></div>
          </div>
          <p class="head-facts">${t("channels.about")}</p>
          <div></div>
        </header>
        <div class="scrolls body-padded sections">${this.#trouble()}${this.#content()}</div>
      </section>`,
      this.root,
    );
  }

  #trouble() {
    if (!this.trouble) return nothing;
    return html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${this.trouble.message || t("problem.unreachable")}</span></div>`;
  }

  #content() {
    if (!this.accounts) return this.trouble ? nothing : html`<p class="loading">${t("conversation.loading")}</p>`;
    const accounts = this.accounts.length
      ? html`<ul class="asked-list">${this.accounts.map(accountCard)}</ul>`
      : html`<div class="empty">${machineMark()}<h2>${t("channels.none")}</h2><p>${t("channels.noneHow")}</p></div>`;
    const outbox = this.owed.length ? html`<ul class="contacts">${this.owed.map(owedLine)}</ul>` : html`<p class="note">${t("outbox.none")}</p>`;
    return html`${accounts}
      <section class="people-section" aria-labelledby="outbox-title"><h2 id="outbox-title">${t("outbox.title")}</h2>${outbox}</section>`;
  }
}

/** @param {import("../api/channels.js").Account} account */
const accountCard = (account) => html`<li class="asked account" data-status=${STATUS[account.state]} data-account=${placeOf(account)}>
  <div class="asked-line">
    ${icon("messages-square")}<b>${placeOf(account)}</b>${account.name ? html`<code>${account.name}</code>` : nothing}
    <span class="status">${t(`account.${account.state}`)}</span> <time-since class="figures" at=${account.since}></time-since>
  </div>
  ${account.trouble
    ? html`<div class="notice">${icon("triangle-alert")}<span>${account.trouble}${account.nextAttemptAt ? html` ${t("account.next")} <time-left at=${account.nextAttemptAt}></time-left>` : nothing}</span></div>`
    : nothing}
  <dl class="totals account-totals">
    ${total("received", account.received, account.lastReceivedAt)} ${total("delivered", account.delivered, account.lastDeliveredAt)}
    ${account.dropped ? total("dropped", account.dropped, null) : nothing}
  </dl>
  ${account.lastDropped ? html`<p class="joined">${t("account.lastDropped")} ${account.lastDropped}</p>` : nothing}
</li>`;

/** @param {string} name @param {number} count @param {string | null} latest */
const total = (name, count, latest) => html`<div>
  <dt>${t(`account.${name}`)}</dt>
  <dd class="figures">${count}${latest ? html` <small><time-ago at=${latest}></time-ago></small>` : nothing}</dd>
</div>`;

/** @param {import("../api/channels.js").Owed} owed */
const owedLine = (owed) => html`<li class="contact" data-status=${owed.isFinal ? "failed" : "working"}>
  <a href=${place.href({ view: "session", session: owed.session, tab: "conversation" })}>${t("outbox.message", { number: owed.number, session: owed.session })}</a>
  <span class="contact-session">${t("outbox.to", { channel: owed.channel })}</span>
  <span class="status">${owed.isFinal ? t("outbox.final") : t("outbox.attempts", { n: owed.attempts })}</span> <time-ago at=${owed.since}></time-ago>
  ${owed.failure ? html`<span class="contact-session">${owed.failure}</span>` : nothing}
  ${owed.isFinal || !may("admin") ? nothing : html`<span class="contact-acts"><button type="button" class="button small plain" @click=${() => drop(owed)}>${t("outbox.dropFirst")}</button></span>`}
</li>`;

/** @param {import("../api/channels.js").Owed} owed */
async function drop(owed) {
  const question = { title: t("outbox.dropTitle", owed), text: t("outbox.dropText", owed), action: t("outbox.drop") };
  if (!(await confirmed(question))) return;
  try {
    await dropOwed(owed);
    toast({ text: t("outbox.dropped", owed) });
  } catch (error) {
    toastError(error);
  }
}

/** @param {import("../api/channels.js").Account} account */
const placeOf = (account) => (account.account ? `${account.channel}@${account.account}` : account.channel);
