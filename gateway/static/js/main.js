// The page: signs in, draws the list and what is open beside it, and listens to what the gateway pushes.

import "./ui/time-elements.js";
import { account, agent, approvals, channels, link, list, may, open, pairings, place } from "./app.js";
import { EventStream } from "./api/events.js";
import { whoAmI } from "./api/account.js";
import { onSignedOut } from "./api/http.js";
import { createSession } from "./api/sessions.js";
import { ApprovalsPane } from "./approvals/approvals-pane.js";
import { ChannelsPane } from "./channels/channels-pane.js";
import { ListPane } from "./list/list-pane.js";
import { PeoplePane } from "./people/people-pane.js";
import { listenToKeys } from "./shell/keys.js";
import { nothingOpen } from "./shell/nothing-open.js";
import { SessionPane } from "./shell/session-pane.js";
import * as signIn from "./shell/sign-in.js";
import { OpenSession } from "./state/open-session.js";
import { applyTheme } from "./state/preferences.js";
import { keyOf } from "./state/session-info.js";
import { t } from "./texts.js";
import { html, render } from "./ui/lit.js";
import { showToasts, toastError } from "./ui/toasts.js";

/** Views that have no session. @type {Record<string, new (root: HTMLElement) => {close: () => void}>} */
const PANES = { approvals: ApprovalsPane, people: PeoplePane, channels: ChannelsPane };
const CHANGING = new Set(["approval_asked", "approval_decided", "turn_ended", "replied", "cleared"]);

applyTheme();
document.title = t("brand");
account.current = await signIn.account(/** @type {HTMLElement} */ (document.body));
render(
  html`<a class="skip" href="#sessions" @click=${skip}>${t("page.skip")}</a>
    <div><div class="link-lost" role="status" hidden>${t("link.lost")}</div></div>
    <div class="frame">
      <nav class="pane list-pane" aria-label=${t("list.label")}></nav>
      <main class="pane open-pane" tabindex="-1"></main>
    </div>`,
  document.body,
);
showToasts();

const frame = /** @type {HTMLElement} */ (document.querySelector(".frame"));
const openRoot = /** @type {HTMLElement} */ (document.querySelector(".open-pane"));
const listPane = new ListPane(/** @type {HTMLElement} */ (document.querySelector(".list-pane")));
listenToKeys(listPane);

/** @type {{close: () => void} | undefined} */
let shown;
let shownAs = "";
let filteredBy = "";
/** @type {EventStream | undefined} */
let stream;
let streamOf = "";

/** Show what the address says. */
function show() {
  const { view, session, filters } = place.value;
  const query = JSON.stringify(filters);
  if (query !== filteredBy) list.filter(filters);
  filteredBy = query;
  frame.classList.toggle("has-open", view !== "");
  const wanted = JSON.stringify([view, session, agent()]);
  if (wanted !== shownAs) showOpen(view, session);
  shownAs = wanted;
  if (!stream || streamOf !== agent()) follow();
}

/** @param {string} view @param {string} session */
function showOpen(view, session) {
  shown?.close();
  open.current?.close();
  open.current = null;
  const root = document.createElement("div");
  root.className = "open-root";
  openRoot.replaceChildren(root);
  document.title = t("brand");
  const Pane = PANES[view];
  if (Pane) shown = new Pane(root);
  else if (view === "session") {
    open.current = new OpenSession([agent() || list.rows[0]?.agent || "main", session]);
    shown = new SessionPane(root, open.current);
  } else {
    shown = undefined;
    nothingOpen(root);
  }
}

/** Hear of all that changes in the sessions of the agent. */
function follow() {
  stream?.close();
  streamOf = agent();
  stream = new EventStream({ agent: streamOf, infos: 1, records: 0, snapshot: 0 }, { event: take, link: linked, mayTry });
}

/** @param {any} event */
function take(event) {
  if (event.type === "SessionChanged") {
    list.changed(event.info);
    if (open.current?.isOf(keyOf(event.info))) open.current.changed(event.info);
    approvals.refresh();
  } else if (event.type === "SessionDeleted") {
    list.removed([event.agent, event.session]);
    approvals.refresh();
  } else if (event.type === "PairingsChanged") {
    list.refresh();
    pairings.refresh();
    open.current?.lookAtPairing();
  } else if (event.type === "ChannelsChanged") channels.refresh();
  else if (event.type === "CursorExpired" || event.type === "EventsMissed") lookAtAll();
  else if (CHANGING.has(event.record?.kind)) approvals.refresh();
}

/** @param {boolean} isOpen */
function linked(isOpen) {
  const wasOpen = link.isOpen;
  link.isOpen = isOpen;
  /** @type {HTMLElement} */ (document.querySelector(".link-lost")).hidden = isOpen;
  if (isOpen && !wasOpen) lookAtAll();
}

function lookAtAll() {
  list.refresh();
  approvals.refresh();
  pairings.refresh();
  channels.refresh();
  open.current?.look({ isWhole: true });
  open.current?.lookAtPairing();
}

/** Whether the gateway is there again; one that knows this browser no more has it sign in. */
const mayTry = () => whoAmI().then(() => true, () => false);

async function newSession() {
  if (!may("write")) return;
  try {
    const info = await createSession(agent(), {});
    list.changed(info);
    place.go({ view: "session", session: info.id, tab: "conversation" });
    setTimeout(() => document.getElementById("message")?.focus(), 150);
  } catch (error) {
    toastError(error);
  }
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  openRoot.focus();
}

onSignedOut(() => location.reload());
document.addEventListener("new-session", newSession);
place.addEventListener("change", show);
approvals.refresh();
pairings.refresh();
show();
