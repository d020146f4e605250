// What each turn sent to the model, how much of it came from the provider's cache, and what it cost.

import { t } from "../texts.js";
import { exactTime, money, number, percent, short } from "../ui/format.js";
import { html, nothing } from "../ui/lit.js";

const MOST = 60; // turns in the chart

/**
 * @typedef {object} TurnUsage
 * @property {number} number of the reply
 * @property {string} at
 * @property {string} model
 * @property {number} requests
 * @property {number} input of all requests together, what was cached included
 * @property {number} output
 * @property {number} cacheRead
 * @property {number} cacheWritten
 * @property {number | null} cost
 */

/** @param {TurnUsage[]} turns the oldest first @param {number} chosen the index of one; -1 for none @param {(index: number) => void} choose */
export function turnsView(turns, chosen, choose) {
  if (turns.length === 0) return html`<section class="card"><h2>${t("turns.title")}</h2><p class="about">${t("turns.none")}</p></section>`;
  const shown = turns.slice(-MOST);
  const highest = Math.max(1, ...shown.map((each) => each.input + each.output));
  const at = shown[chosen] ?? shown.at(-1);
  return html`<section class="card" aria-labelledby="turns-title">
    <h2 id="turns-title">${t("turns.title")}</h2>
    ${totals(turns)}
    <div class="bars" role="group" aria-label=${t("turns.chart")}>
      ${shown.map((each, index) => bar(each, highest, each === at, () => choose(index)))}
    </div>
    <ul class="legend"><li><i data-part="cached"></i>${t("turns.cached")}</li><li><i data-part="fresh"></i>${t("turns.fresh")}</li><li><i data-part="output"></i>${t("turns.output")}</li></ul>
    ${at ? detail(at) : nothing}
  </section>`;
}

/** @param {TurnUsage[]} turns */
function totals(turns) {
  const sum = (/** @type {(turn: TurnUsage) => number} */ value) => turns.reduce((all, each) => all + value(each), 0);
  const input = sum((each) => each.input);
  const costs = turns.filter((each) => each.cost !== null && each.cost !== undefined);
  return html`<dl class="totals">
    <div><dt>${t("turns.count")}</dt><dd class="figures">${number(turns.length)}</dd></div>
    <div><dt>${t("turns.input")}</dt><dd class="figures">${short(input)}</dd></div>
    <div><dt>${t("turns.share")}</dt><dd class="figures">${input ? percent((100 * sum((each) => each.cacheRead)) / input) : "–"}</dd></div>
    <div><dt>${t("turns.cost")}</dt><dd class="figures">${costs.length ? money(sum((each) => each.cost ?? 0)) : "–"}</dd></div>
  </dl>`;
}

/** @param {TurnUsage} turn @param {number} highest @param {boolean} isChosen @param {() => void} choose */
const bar = (turn, highest, isChosen, choose) => html`<button type="button" class="bar" aria-pressed=${String(isChosen)} aria-label=${t("turns.bar", { number: turn.number, input: number(turn.input), output: number(turn.output) })} @click=${choose}>
  <i data-part="output" .style=${`height:${(100 * turn.output) / highest}%`}></i>
  <i data-part="fresh" .style=${`height:${(100 * Math.max(0, turn.input - turn.cacheRead)) / highest}%`}></i>
  <i data-part="cached" .style=${`height:${(100 * turn.cacheRead) / highest}%`}></i>
</button>`;

/** @param {TurnUsage} turn */
const detail = (turn) => html`<p class="turn-detail">
  <b>${t("turns.turn", { number: turn.number })}</b> <span>${exactTime(turn.at)}</span> <span class="mono">${turn.model}</span>
  <span class="figures">${t("turns.detail", { n: turn.requests, input: number(turn.input), cached: number(turn.cacheRead), written: number(turn.cacheWritten), output: number(turn.output) })}</span>
  ${turn.cost === null || turn.cost === undefined ? nothing : html`<span class="figures">${t("turns.costs", { cost: money(turn.cost) })}</span>`}
</p>`;
