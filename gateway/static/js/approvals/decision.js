// A person's word on a call: yes, no, or no with a reason for the model.

import { approvals } from "../app.js";
import { decide } from "../api/sessions.js";
import { t } from "../texts.js";
import { askedText } from "../ui/dialogs.js";
import { icon } from "../ui/marks.js";
import { html } from "../ui/lit.js";
import { toast, toastError } from "../ui/toasts.js";

/**
 * @param {import("../api/sessions.js").Key} key
 * @param {import("../state/approvals.js").Approval} approval
 */
export const decision = (key, approval) => html`<div class="decision" role="group" aria-label=${t("approval.group", { name: approval.name })}>
  <span>${icon("user")}${t("approval.asks")} <time-left at=${approval.expiresAt}></time-left> ${t("approval.left")}</span>
  <button type="button" class="button small first" @click=${() => say(key, approval, "approve")}>${icon("check")}${t("approval.approve")}</button>
  <button type="button" class="button small" @click=${() => say(key, approval, "deny")}>${t("approval.deny")}</button>
  <button type="button" class="button small plain" @click=${() => denyWithReason(key, approval)}>${t("approval.denyBecause")}</button>
</div>`;

/**
 * @param {import("../api/sessions.js").Key} key
 * @param {import("../state/approvals.js").Approval} approval
 * @param {"approve" | "deny"} word
 * @param {string} [reason]
 */
export async function say(key, approval, word, reason = "") {
  try {
    await decide(key, approval.callId, word, reason);
    toast({ text: t(`approval.did.${word}`, { name: approval.name }) });
    approvals.drop(approval.callId);
  } catch (error) {
    toastError(error);
    approvals.refresh();
  }
}

async function denyWithReason(key, approval) {
  const reason = await askedText({ title: t("approval.denyTitle", { name: approval.name }), label: t("approval.reason"), action: t("approval.deny"), isLong: true });
  if (reason !== null) await say(key, approval, "deny", reason);
}
