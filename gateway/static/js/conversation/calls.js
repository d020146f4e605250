// A call of a tool: folded to one line, open with its arguments and its result; where it waits for a person, buttons.

import { approvals, may, open } from "../app.js";
import { t } from "../texts.js";
import { icon } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";
import { decision } from "../approvals/decision.js";

const LONGEST = 90; // characters of the arguments in the folded line

/** @param {{id: string, name: string, input: any, result?: Record<string, any>, isRunning?: boolean, key: import("../api/sessions.js").Key}} call */
export function callOf({ id, name, input, result, isRunning = false, key }) {
  const approval = approvals.of(key).find((each) => each.callId === id);
  const state = approval ? "asked" : result ? (result.is_error ? "failed" : "done") : isRunning || open.current?.info?.status === "working" ? "running" : "none";
  return html`<details class="fold call" data-state=${state}>
      <summary>
        ${icon("wrench")}<span><b>${name}</b> <span class="call-input">${brief(input)}</span></span>
        <span class="call-state">${t(`call.${state}`)}</span>${icon("chevron-right")}
      </summary>
      <div class="fold-body">
        <h4>${t("call.input")}</h4>
        <pre>${JSON.stringify(input, null, 2)}</pre>
        ${result ? html`<h4>${t(result.is_error ? "call.error" : "call.result")}</h4><pre>${textOf(result.content)}</pre>` : nothing}
      </div>
    </details>
    ${approval && may("approve") ? decision(key, approval) : nothing}`;
}

/** @param {unknown} input */
export function brief(input) {
  const values = Object.entries(input ?? {}).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const text = values.join(", ").replace(/\s+/g, " ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** @param {unknown} content a text, or blocks */
export function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block) => (block.type === "text" ? block.text : JSON.stringify({ ...block, source: undefined }))).join("\n");
}
