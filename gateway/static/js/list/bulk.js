// What is done with all chosen sessions at once, and what came of it for each.

import { list, may, selection } from "../app.js";
import { ACTIONS } from "../actions/session-actions.js";
import { runForMany } from "../actions/run.js";
import { titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { icon, tool } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";

export function bulkBar() {
  const infos = [...selection.chosen.values()];
  if (infos.length === 0) return nothing;
  const fitting = ACTIONS.filter((each) => each.isForMany && may(each.scope) && infos.some((info) => each.fits?.(info) ?? true));
  return html`<section class="bulk" aria-label=${t("bulk.label")}>
    <div class="bulk-line">
      <strong>${t("bulk.chosen", { n: infos.length })}</strong>
      ${fitting.map((each) =>
        tool({ name: each.icon, label: t(`action.${each.id}`), classes: "small", act: () => runForMany(each, [...selection.chosen.values()]) }),
      )}
      <button type="button" class="button small plain" @click=${() => selection.choose(list.rows)}>${t("bulk.all")}</button>
      <button type="button" class="button small plain" @click=${() => selection.clear()}>${t("bulk.clear")}</button>
    </div>
    ${report(infos)}
  </section>`;
}

/** @param {import("../state/session-info.js").Info[]} infos */
function report(infos) {
  const told = infos.flatMap((info) => {
    const outcome = selection.outcomes.get(`${info.agent}\n${info.id}`);
    return outcome ? [{ info, outcome }] : [];
  });
  if (told.length === 0) return nothing;
  return html`<ul class="bulk-report">
    ${told.map(
      ({ info, outcome }) => html`<li class=${outcome.isFailed ? "is-failed" : ""}>
        ${icon(outcome.isFailed ? "triangle-alert" : "check")}<span><b>${titleOf(info)}</b> ${outcome.text}</span>
      </li>`,
    )}
  </ul>`;
}
