// The session that is open: what it is, what can be done with it, and its tabs.

import { approvals, list, place } from "../app.js";
import { run } from "../actions/run.js";
import { actionsFor } from "../actions/session-actions.js";
import { ContextPane } from "../context/context-pane.js";
import { ConversationPane } from "../conversation/conversation-pane.js";
import { itemsFor, statusLine } from "../list/row.js";
import { MachinePane } from "../machine/machine-pane.js";
import { TABS } from "../state/place.js";
import { everyFrame } from "../state/schedule.js";
import { titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { percent, short } from "../ui/format.js";
import { gauge, icon, machineMark, tool } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { openMenu } from "../ui/menu.js";
import { toast } from "../ui/toasts.js";

const PANES = { conversation: ConversationPane, machine: MachinePane, context: ContextPane };
const ICONS = { conversation: "messages-square", machine: "workflow", context: "gauge" };
const FIRST = new Set(["stop", "retry", "unpark"]); // actions with a button of their own; beside a message that is written stop has one

export class SessionPane {
  /** @param {HTMLElement} root @param {import("../state/open-session.js").OpenSession} session */
  constructor(root, session) {
    this.root = root;
    this.session = session;
    this.draw = everyFrame(() => this.#draw());
    session.addEventListener("change", this.draw);
    place.addEventListener("change", this.draw);
    approvals.addEventListener("change", this.draw);
    this.#draw();
  }

  close() {
    this.isClosed = true;
    this.pane?.close();
    this.session.removeEventListener("change", this.draw);
    place.removeEventListener("change", this.draw);
    approvals.removeEventListener("change", this.draw);
  }

  #draw() {
    if (this.isClosed) return;
    const { session } = this;
    const { tab } = place.value;
    const info = session.info ?? list.find(session.key);
    document.title = info ? t("page.titleOf", { title: titleOf(info) }) : t("brand");
    render(
      html`<section class="session" data-status=${info?.status ?? "idle"} aria-label=${info ? titleOf(info) : session.key[1]}>
        <header class="head">${head(info, session)} ${info ? facts(info, session.pairing) : html`<div class="head-facts"></div>`} ${tabs(tab)}</header>
        ${session.isGone ? gone(session) : nothing}
        <div class="body" ?hidden=${session.isGone}></div>
      </section>`,
      this.root,
    );
    this.#show(tab);
  }

  /** @param {import("../state/place.js").Tab} tab */
  #show(tab) {
    if (this.tab === tab) return;
    this.pane?.close();
    this.tab = tab;
    const body = /** @type {HTMLElement} */ (this.root.querySelector(".body"));
    const root = document.createElement("div");
    root.className = "tab-root";
    body.replaceChildren(root);
    this.pane = new PANES[tab](root, this.session);
  }
}

/** @param {import("../state/session-info.js").Info | undefined} info */
function head(info, session) {
  const buttons = info ? actionsFor(info).filter((each) => FIRST.has(each.id) && (each.id !== "stop" || place.value.tab !== "conversation")) : [];
  return html`<div class="head-line">
    <a class="tool back" href=${place.href({ view: "", session: "" })} aria-label=${t("open.back")}>${icon("arrow-left")}</a>
    <div class="head-title"><h1>${info ? titleOf(info) : session.key[1]}</h1></div>
    ${buttons.map((each) => html`<button type="button" class="button small" @click=${() => run(each, /** @type {any} */ (info))}>${icon(each.icon)}${t(`action.${each.id}`)}</button>`)}
    ${info ? tool({ name: "pencil", label: t("action.rename"), key: "r", act: () => run(/** @type {any} */ (actionsFor(info).find((each) => each.id === "rename")), info) }) : nothing}
    ${info ? tool({ name: "ellipsis", label: t("row.more", { title: titleOf(info) }), key: ".", classes: "session-menu", act: (/** @type {MouseEvent} */ event) => openMenu(/** @type {HTMLElement} */ (event.currentTarget), itemsFor(info)) }) : nothing}
  </div>`;
}

/** @param {import("../state/session-info.js").Info} info @param {{senders: string[], joinedTo: string | null}} pairing */
const facts = (info, pairing) => html`<div class="head-facts">
  ${statusLine(info)}
  <a class="copy" href=${place.href({ tab: "context" })} title=${t("open.context")}>${gauge(info.percent)} <span class="figures">${info.isGuess ? "~" : ""}${short(info.tokens)} / ${short(info.window)} · ${percent(info.percent)}</span></a>
  ${info.channels.map((each) => html`<span class="tag">${each}</span>`)} ${info.tags.map((each) => html`<span class="tag">#${each}</span>`)}
  ${info.owner ? html`<span>${t("open.owner", { owner: info.owner })}</span>` : nothing}
  ${info.parent ? html`<a href=${place.href({ session: info.parent })}>${t("open.parent", { id: info.parent })}</a>` : nothing}
  ${pairing.joinedTo ? html`<a href=${place.href({ session: pairing.joinedTo })}>${t("open.joined", { id: pairing.joinedTo })}</a>` : nothing}
  ${pairing.senders.length ? html`<span class="writers">${t("open.writers", { senders: pairing.senders.join(", ") })}</span>` : nothing}
  <button type="button" class="copy" title=${t("open.copyId")} @click=${() => copyId(info.id)}><span class="mono">${info.id}</span>${icon("copy")}</button>
</div>`;

/** @param {string} id */
async function copyId(id) {
  await navigator.clipboard.writeText(id);
  toast({ text: t("open.copied") });
}

/** @param {import("../state/place.js").Tab} current */
const tabs = (current) => html`<nav class="tabs" aria-label=${t("open.tabs")}>
  ${TABS.map(
    (tab) => html`<a href=${place.href({ tab })} aria-current=${tab === current ? "page" : nothing}>${icon(ICONS[tab])}${t(`tab.${tab}`)}</a>`,
  )}
</nav>`;

const gone = (session) => html`<div class="empty">
  ${machineMark()}
  <h2>${t("open.gone")}</h2>
  <p>${t("open.goneHow", { id: session.key[1] })}</p>
  <a class="button" href=${place.href({ view: "", session: "" })}>${t("open.toList")}</a>
</div>`;

