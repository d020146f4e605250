// Small pictures: icons, the machine in small, the gauge of a window.

import { t } from "../texts.js";
import { levelOf } from "../state/session-info.js";
import { percent } from "./format.js";
import { html, nothing, svg } from "./lit.js";

/** An icon of css/icons.css, which says nothing by itself. @param {string} name */
export const icon = (name) => html`<i class="icon" data-icon=${name} aria-hidden="true"></i>`;

/** Where each state of the session's diagram stands in the mark, and the ways between them. */
const STATES = { Created: [14, 4.5], Active: [14, 14], Idle: [6, 23], Compacted: [22, 23] };
const WAYS = "M14 4.5V14M14 14 6 23M14 14l8 9";

/**
 * The lifecycle of a session in small, its current state lit.
 * @param {string} [state]
 */
export function machineMark(state = "") {
  const lit = STATES[state];
  return html`<svg class="machine-mark row-mark" viewBox="0 0 28 28" aria-hidden="true">
    <path class="way" d=${WAYS} />
    ${Object.entries(STATES).map(([name, [x, y]]) => {
      const isLit = name === state;
      return svg`<circle class=${isLit ? "state is-lit" : "state"} cx=${x} cy=${y} r=${isLit ? 4 : 2.4} />`;
    })}
    ${lit ? svg`<circle class="halo" cx=${lit[0]} cy=${lit[1]} r="7.5" />` : nothing}
  </svg>`;
}

/** How full a window is. @param {number} value percent */
export const gauge = (value) => html`<span
  class="gauge"
  data-level=${levelOf(value)}
  role="img"
  aria-label=${t("gauge.label", { percent: percent(value) })}
  ><i .style=${`--filled:${Math.min(100, value)}%`}></i
></span>`;

/** A button with a picture instead of words. */
export const tool = ({ name, label, act, key = "", classes = "", pressed = undefined, badge = nothing }) => html`<button
  type="button"
  class="tool ${classes}"
  aria-label=${label}
  title=${key ? `${label} (${key})` : label}
  aria-pressed=${pressed === undefined ? nothing : String(pressed)}
  @click=${act}
>
  ${icon(name)}${badge}
</button>`;
