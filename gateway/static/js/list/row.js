// One session in the list.

import { list, place, selection } from "../app.js";
import { actionsFor } from "../actions/session-actions.js";
import { run } from "../actions/run.js";
import { keyOf, nameOf, titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { percent } from "../ui/format.js";
import { gauge, icon, machineMark, tool } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";
import { openMenu } from "../ui/menu.js";

/** @typedef {import("../state/session-info.js").Info} Info */

const SHOWN_CHANNELS = 2;

/** @param {Info} info @param {number} index @param {number} total @param {number} top in pixels */
export function rowOf(info, index, total, top) {
  const isOpen = place.value.view === "session" && place.value.session === info.id;
  const classes = ["row"];
  if (isOpen) classes.push("is-open");
  if (info.unread && !isOpen) classes.push("is-unread");
  if (selection.has(info)) classes.push("is-selected");
  return html`<li
    class=${classes.join(" ")}
    data-status=${info.status}
    data-name=${nameOf(keyOf(info))}
    aria-setsize=${total}
    aria-posinset=${index + 1}
    .style=${`transform:translateY(${top}px)`}
  >
    <a class="row-link" href=${place.href({ view: "session", session: info.id, tab: "conversation" })} aria-current=${isOpen ? "page" : nothing}>
      ${machineMark(info.state)}
      <span class="row-line">
        <span class="row-title">${titleOf(info)}</span>${info.pinned ? icon("pin") : nothing}${unread(info, isOpen)}
        <span class="row-side">${channels(info)}<time-ago at=${info.lastActivity}></time-ago></span>
      </span>
      <span class="row-line">
        <span class="row-state">${joined(info)}${statusLine(info)}</span>
        <span class="row-side">${gauge(info.percent)}<span class="share">${percent(info.percent)}</span></span>
      </span>
    </a>
    <input
      type="checkbox"
      class="check"
      tabindex="-1"
      aria-label=${t("row.choose", { title: titleOf(info) })}
      .checked=${selection.has(info)}
      @click=${(/** @type {MouseEvent} */ event) => choose(event, info, index)}
    />
    <div class="row-actions">${actions(info)}</div>
    ${outcome(info)}
  </li>`;
}

/** The state with its reason, and since when. @param {Info} info */
export const statusLine = (info) => html`<span class="status">${t(`status.${info.status}`)}</span>
  <time-since class="figures" at=${info.since}></time-since>
  ${info.reason ? html`<span class="reason">${info.reason}</span>` : nothing}`;

/** The session to which its sender writes instead. @param {Info} info */
function joined(info) {
  const id = list.pairings[info.id]?.joinedTo;
  return id ? html`<span class="row-joined">${t("row.joined", { id })}</span>` : nothing;
}

/** @param {Info} info @param {boolean} isOpen */
const unread = (info, isOpen) =>
  info.unread && !isOpen ? html`<span class="badge" aria-label=${t("row.unread", { n: info.unread })}>${info.unread}</span>` : nothing;

/** @param {Info} info */
function channels(info) {
  const shown = info.channels.slice(0, SHOWN_CHANNELS).join(", ");
  const more = info.channels.length - SHOWN_CHANNELS;
  return shown ? html`<span>${shown}${more > 0 ? ` +${more}` : ""}</span>` : nothing;
}

/** @param {MouseEvent} event @param {Info} info @param {number} index */
function choose(event, info, index) {
  event.target?.dispatchEvent(new CustomEvent("choose", { bubbles: true, detail: { info, index, isRange: event.shiftKey } }));
}

/** @param {Info} info */
function actions(info) {
  const quick = actionsFor(info).filter((each) => each.isQuick);
  return html`${quick.map((each) =>
    tool({ name: each.icon, label: t(`action.${each.id}`), key: each.key, classes: "small", act: () => run(each, info) }),
  )}${tool({ name: "ellipsis", label: t("row.more", { title: titleOf(info) }), key: ".", classes: "small more", act: (/** @type {MouseEvent} */ event) => openActions(event, info) })}`;
}

/** @param {MouseEvent} event @param {Info} info */
function openActions(event, info) {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const row = button.closest(".row");
  row?.classList.add("has-menu");
  openMenu(button, itemsFor(info), () => row?.classList.remove("has-menu"));
}

/** The actions of a session as items of a menu. @param {Info} info */
export function itemsFor(info) {
  const fitting = actionsFor(info);
  const items = fitting.map((each) => ({
    text: t(`action.${each.id}`),
    icon: each.icon,
    key: each.key,
    isDanger: each.isDanger,
    act: () => run(each, info),
  }));
  const last = fitting.findIndex((each) => each.isDanger);
  return last > 0 ? [...items.slice(0, last), null, ...items.slice(last)] : items;
}

/** @param {Info} info */
function outcome(info) {
  const found = selection.outcomes.get(nameOf(keyOf(info)));
  return found ? html`<span class="row-outcome ${found.isFailed ? "is-failed" : ""}">${found.text}</span>` : nothing;
}
