// What fills the context window, part by part.

import { t } from "../texts.js";
import { number, percent } from "../ui/format.js";
import { html, nothing } from "../ui/lit.js";

const PARTS = ["system", "tools", "overhead", "summary", "recent", "new"];

/**
 * @typedef {object} Context
 * @property {number} tokens
 * @property {number} window
 * @property {number} threshold the part of the window from which on it counts as full
 * @property {number} percent
 * @property {boolean} isGuess
 * @property {Record<string, number>} parts
 * @property {import("./turns-view.js").TurnUsage[]} turns
 */

/** @param {Context} context */
export function partsView(context) {
  const shown = PARTS.filter((name) => context.parts[name] > 0);
  const trigger = Math.round(context.window * context.threshold);
  const free = Math.max(0, context.window - context.tokens);
  return html`<section class="card" aria-labelledby="parts-title">
    <h2 id="parts-title">${t("context.title")}</h2>
    <p class="big"><b class="figures">${context.isGuess ? "~" : ""}${number(context.tokens)}</b> ${t("context.of", { window: number(context.window), percent: percent(context.percent) })}</p>
    <div class="parts" role="img" aria-label=${t("context.label", { percent: percent(context.percent) })}>
      ${shown.map((name) => html`<i data-part=${name} .style=${`width:${(100 * context.parts[name]) / context.window}%`} title=${`${t(`part.${name}`)}: ${number(context.parts[name])}`}></i>`)}
      <span class="trigger" .style=${`left:${100 * context.threshold}%`} title=${t("context.trigger", { n: number(trigger) })}></span>
    </div>
    <table class="parts-table">
      <thead class="unseen"><tr><th>${t("context.part")}</th><th>${t("context.tokens")}</th><th>${t("context.share")}</th></tr></thead>
      <tbody>
        ${shown.map((name) => row(name, t(`part.${name}`), context.parts[name], context.window))} ${row("free", t("part.free"), free, context.window)}
      </tbody>
    </table>
    <p class="about">${t("context.trigger", { n: number(trigger) })} ${context.isGuess ? t("context.guess") : nothing}</p>
  </section>`;
}

/** @param {string} name @param {string} text @param {number} tokens @param {number} window */
const row = (name, text, tokens, window) => html`<tr>
  <th scope="row"><i data-part=${name}></i>${text}</th>
  <td class="figures">${number(tokens)}</td>
  <td class="figures">${percent((100 * tokens) / window)}</td>
</tr>`;
