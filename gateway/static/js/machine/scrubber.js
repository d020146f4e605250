// Going through the transitions that a session took; quiet times between them take no room.

import { t } from "../texts.js";
import { duration, exactTime, number } from "../ui/format.js";
import { tool } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";

/** @typedef {{source: string, target: string, event: string, label: string, at: string}} Transition */

/** @param {Transition} transition */
export const edgeOf = (transition) => `${transition.source} --> ${transition.target}: ${transition.label}`;

/**
 * The machine as it stood behind the first so many transitions.
 * @param {Transition[]} transitions
 * @param {number} count
 * @returns {import("./figure-view.js").Lit}
 */
export function litAfter(transitions, count) {
  /** @type {import("./figure-view.js").Lit["taken"]} */
  const taken = {};
  for (const each of transitions.slice(0, count)) taken[edgeOf(each)] = { count: (taken[edgeOf(each)]?.count ?? 0) + 1, last: each.at };
  const last = transitions[count - 1];
  return { state: last?.target ?? "[*]", last: last ? edgeOf(last) : "", taken, open: new Set() };
}

/**
 * @param {Transition[]} transitions
 * @param {number | null} at how many were taken; null for now
 * @param {(at: number | null) => void} go
 */
export function scrubber(transitions, at, go) {
  const count = transitions.length;
  const shown = at ?? count;
  const last = transitions[shown - 1];
  return html`<div class="scrubber" role="group" aria-label=${t("scrubber.label")}>
    ${tool({ name: "step-back", label: t("scrubber.back"), classes: "small", act: () => go(Math.max(0, shown - 1)) })}
    <input
      type="range"
      min="0"
      max=${count}
      .value=${String(shown)}
      aria-label=${t("scrubber.label")}
      aria-valuetext=${last ? `${last.label}, ${exactTime(last.at)}` : t("scrubber.begin")}
      @input=${(/** @type {any} */ event) => go(Number(event.target.value) === count ? null : Number(event.target.value))}
    />
    ${tool({ name: "step-forward", label: t("scrubber.forward"), classes: "small", act: () => go(shown + 1 >= count ? null : shown + 1) })}
    <span class="scrubber-what">
      <b>${last ? last.label : t("scrubber.begin")}</b>
      ${last ? html`<span>${exactTime(last.at)}</span>${gap(transitions, shown)}` : nothing}
      <span class="figures">${number(shown)} / ${number(count)}</span>
    </span>
    <button type="button" class="button small" ?disabled=${at === null} @click=${() => go(null)}>${t("scrubber.now")}</button>
  </div>`;
}

/** How long the state before had lasted. @param {Transition[]} transitions @param {number} shown */
function gap(transitions, shown) {
  const [before, last] = [transitions[shown - 2], transitions[shown - 1]];
  if (!before) return nothing;
  return html`<span>${t("scrubber.after", { time: duration((Date.parse(last.at) - Date.parse(before.at)) / 1000), state: last.source })}</span>`;
}
