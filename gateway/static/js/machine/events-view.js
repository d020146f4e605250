// The events that a state knows: what each would do now, which guard refuses it, when a timer raises it, and a button
// for those that a person may raise.

import { may, place } from "../app.js";
import { t } from "../texts.js";
import { icon } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";

/**
 * @typedef {{name: string, isMet: boolean}} AskedGuard
 * @typedef {{event: string, label: string, target: string, guards: AskedGuard[], refusedBy: string, dueAt: string | null}} KnownEvent
 */

/** The commands by which a person raises an event. */
const COMMANDS = {
  context_window_full: "compact",
  stop: "stop",
  clear: "clear",
  retry: "retry",
};
const WRITES = new Set(["new_message", "message_accepted", "newer_message", "processing_messages", "written_instead"]);

/**
 * @param {KnownEvent[]} events
 * @param {(command: string, event: KnownEvent) => void} raise
 */
export const eventsView = (events, raise) => html`<ul class="events">${events.map((each) => eventView(each, raise))}</ul>`;

/** @param {KnownEvent} event @param {(command: string, event: KnownEvent) => void} raise */
const eventView = (event, raise) => html`<li class="event ${event.refusedBy ? "is-refused" : ""}" data-event=${event.event}>
  <div class="event-line"><b>${event.label}</b>${icon("chevron-right")}<span>${event.target}</span>${button(event, raise)}</div>
  ${event.guards.length ? html`<ul class="guards">${event.guards.map(guardView)}</ul>` : nothing}
  ${event.dueAt ? html`<p class="timer">${t("machine.timer")} <time-left at=${event.dueAt}></time-left></p>` : nothing}
</li>`;

/** @param {AskedGuard} guard */
const guardView = (guard) => html`<li class=${guard.isMet ? "guard is-met" : "guard"}>
  ${icon(guard.isMet ? "check" : "x")}<code>${guard.name}</code><span class="unseen">${t(guard.isMet ? "machine.met" : "machine.notMet")}</span>
</li>`;

/** @param {KnownEvent} event @param {(command: string, event: KnownEvent) => void} raise */
function button(event, raise) {
  if (!may("write")) return nothing;
  const command = COMMANDS[event.event];
  if (command) return html`<button type="button" class="button small" @click=${() => raise(command, event)}>${t("machine.raise")}</button>`;
  if (WRITES.has(event.event)) return html`<a class="button small" href=${place.href({ tab: "conversation" })}>${t("machine.write")}</a>`;
  if (event.event === "decision") return html`<a class="button small" href=${place.href({ tab: "conversation" })}>${t("machine.decide")}</a>`;
  return nothing;
}
