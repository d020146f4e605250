// Accounts of ours on platforms: how each stands, and what is owed to each platform.

import { dropOwed, retryOwed } from "../api/channels.js";
import { channels, may, place } from "../app.js";
import { t } from "../texts.js";
import { confirmed } from "../ui/dialogs.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { toast, toastError } from "../ui/toasts.js";

/** The colours of states are those of sessions. */
const STATUS = { connected: "idle", connecting: "working", failing: "failed", stopped: "parked" };

export class ChannelsPane {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.draw = () => this.#draw();
    channels.isShown = true;
    channels.addEventListener("change", this.draw);
    channels.refresh();
    this.#draw();
  }

  close() {
    channels.isShown = false;
    channels.removeEventListener("change", this.draw);
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
    if (!channels.trouble) return nothing;
    return html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${channels.trouble.message || t("problem.unreachable")}</span></div>`;
  }

  #content() {
    if (!channels.accounts) return channels.trouble ? nothing : html`<p class="loading">${t("conversation.loading")}</p>`;
    const accounts = channels.accounts.length
      ? html`<ul class="asked-list">${channels.accounts.map(accountCard)}</ul>`
      : html`<div class="empty">${machineMark()}<h2>${t("channels.none")}</h2><p>${t("channels.noneHow")}</p></div>`;
    const outbox = channels.owed.length ? html`<ul class="contacts">${channels.owed.map(owedLine)}</ul>` : html`<p class="note">${t("outbox.none")}</p>`;
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
  ${may("admin") ? html`<span class="contact-acts">${owed.isFinal ? button("outbox.retry", () => retry(owed)) : button("outbox.dropFirst", () => drop(owed))}</span>` : nothing}
</li>`;

/** @param {string} text @param {() => void} act */
const button = (text, act) => html`<button type="button" class="button small plain" @click=${act}>${t(text)}</button>`;

/** @param {import("../api/channels.js").Owed} owed */
async function retry(owed) {
  try {
    await retryOwed(owed);
    toast({ text: t("outbox.retried", owed) });
  } catch (error) {
    toastError(error);
  }
}

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
