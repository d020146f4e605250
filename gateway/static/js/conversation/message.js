// One message of a conversation.

import { may, open } from "../app.js";
import { command } from "../api/sessions.js";
import { forked } from "../actions/session-actions.js";
import { keyOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { exactTime, number, timeOfDay } from "../ui/format.js";
import { icon, tool } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";
import { openDialog } from "../ui/dialogs.js";
import { toast, toastError } from "../ui/toasts.js";
import { contentOf } from "./blocks.js";

/** @typedef {import("../state/open-session.js").Message} Message */

const TOGETHER = 5 * 60_000; // milliseconds in which messages of one sender stand under one name

/** Whether it has nothing but results, which stand at their calls. @param {Message} message */
export const isResults = (message) =>
  Boolean(message.content?.length) && /** @type {any[]} */ (message.content).every((block) => block.type === "tool_result");

/**
 * @param {Message} message
 * @param {Message | undefined} previous the one above
 * @param {Map<string, any>} results
 * @param {{isLast: boolean}} place
 */
export function messageOf(message, previous, results, { isLast }) {
  const session = open.current;
  if (!session) return nothing;
  const goesOn = previous && authorOf(previous) === authorOf(message) && Date.parse(message.at) - Date.parse(previous.at) < TOGETHER;
  const classes = ["message", `is-${message.role}`];
  if (goesOn) classes.push("goes-on");
  if (message.failure) classes.push("has-failed");
  return html`<article class=${classes.join(" ")} id=${`m${message.number}`} aria-label=${t("message.label", { sender: senderOf(message), n: message.number })}>
    ${goesOn ? nothing : head(message)}
    <div class="content">${contentOf(session.key, message, results)}</div>
    ${remarks(message)} ${failure(message)}
    <div class="message-actions">${actions(message, isLast)}</div>
  </article>`;
}

/** @param {Message} message */
const senderOf = (message) => message.sender || t(message.role === "user" ? "message.user" : "message.agent");

/** @param {Message} message */
const authorOf = (message) => (isResults(message) ? "assistant" : `${message.role} ${message.sender ?? ""} ${channelOf(message)}`);

/** @param {Message} message */
function channelOf({ address }) {
  if (!address) return "";
  const where = [address.guild, address.channelId].filter(Boolean).join(" / ");
  return `${address.channel} · ${where || address.user}`;
}

/** @param {Message} message */
const head = (message) => html`<header>
  <span class="sender">${senderOf(message)}</span>
  ${message.address ? html`<span class="tag" title=${JSON.stringify(message.address)}>${channelOf(message)}</span>` : nothing}
  <time datetime=${message.at} title=${exactTime(message.at)}>${timeOfDay(message.at)}</time>
</header>`;

/** @param {Message} message */
function remarks(message) {
  const said = [];
  if (message.stopReason) said.push(t(STOPS.has(message.stopReason) ? `stop.${message.stopReason}` : "stop.other", { reason: message.stopReason }));
  if (message.isOmitted) said.push(t("message.omitted"));
  if (message.cut) said.push(t("message.cut", { n: message.cut, count: number(message.cut) }));
  return said.length ? html`<p class="remark">${said.join(" ")}</p>` : nothing;
}

const STOPS = new Set(["stopped", "max_tokens", "refusal"]);

/** @param {Message} message */
function failure(message) {
  if (!message.failure) return nothing;
  return html`<div class="notice failure">
    ${icon("triangle-alert")}<span><b>${t("message.failed")}</b> ${message.failure}</span>
    ${may("write") ? html`<button type="button" class="button small" @click=${() => again(message)}>${icon("rotate-ccw")}${t("message.retry")}</button>` : nothing}
  </div>`;
}

/** @param {Message} message */
async function again(message) {
  await tried("retry", { messageId: message.id });
}

/** @param {string} name @param {object} body @param {string} [done] the text of what can be undone now */
async function tried(name, body, done) {
  const session = open.current;
  if (!session) return;
  try {
    await command(session.key, name, body);
    if (done) toast({ text: done, undo: () => command(session.key, "undo") });
  } catch (error) {
    toastError(error);
  }
}

/** @param {Message} message @param {boolean} isLast */
function actions(message, isLast) {
  const found = [
    tool({ name: "copy", label: t("message.copy"), classes: "small", act: () => copy(message.text) }),
    tool({ name: "braces", label: t("message.raw"), classes: "small", act: () => showRaw(message) }),
  ];
  if (!may("write")) return found;
  if (message.role === "assistant" && isLast && message.id) {
    found.push(tool({ name: "refresh-cw", label: t("message.regenerate"), classes: "small", act: () => tried("regenerate", {}, t("done.regenerate")) }));
  }
  if (message.role === "user") {
    found.push(tool({ name: "rewind", label: t("message.rewind"), classes: "small", act: () => tried("rewind", { before: message.number }, t("done.rewind", { n: message.number })) }));
  }
  found.push(tool({ name: "git-fork", label: t("message.fork"), classes: "small", act: () => fork(message) }));
  return found;
}

/** @param {Message} message */
async function fork(message) {
  const info = open.current?.info;
  if (!info) return;
  try {
    await forked(info, message.number);
    toast({ text: t("done.fork", { title: keyOf(info)[1] }) });
  } catch (error) {
    toastError(error);
  }
}

/** @param {string} text */
async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast({ text: t("message.copied") });
}

/** @param {object} value */
export const showRaw = (value) =>
  openDialog(
    t("message.raw"),
    (close) => html`<h2>${t("message.raw")}</h2>
      <pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>
      <div class="dialog-buttons"><button type="button" class="button" autofocus @click=${() => close(null)}>${t("dialog.close")}</button></div>`,
    "wide",
  );
