// Running actions: on one session with a toast, on many with a word on each.

import { selection } from "../app.js";
import { t } from "../texts.js";
import { confirmed } from "../ui/dialogs.js";
import { toast, toastError } from "../ui/toasts.js";
import { titleOf } from "../state/session-info.js";
import { deleted } from "./session-actions.js";

/** @typedef {import("../state/session-info.js").Info} Info @typedef {import("./session-actions.js").Action} Action */

const AT_ONCE = 4;

/** @param {Action} action @param {Info} info */
export async function run(action, info) {
  try {
    const done = await action.run(info);
    if (done && !done.isQuiet) toast({ text: t(`done.${action.id}`, { title: titleOf(info) }), undo: done.undo });
  } catch (error) {
    toastError(error);
  }
}

/** @param {Action} action @param {Info[]} infos */
export async function runForMany(action, infos) {
  if (action.isDanger) {
    const question = { title: t("delete.many", { n: infos.length }), text: t("delete.manyText"), action: t("delete.action") };
    if (!(await confirmed(question))) return;
  }
  selection.outcomes.clear();
  /** @type {(() => Promise<unknown>)[]} */
  const undos = [];
  const waiting = [...infos];
  const work = async () => {
    for (let info = waiting.shift(); info; info = waiting.shift()) {
      const undo = await one(action, info);
      if (undo) undos.push(undo);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const failed = [...selection.outcomes.values()].filter((each) => each.isFailed).length;
  const text = failed ? t("bulk.someFailed", { done: infos.length - failed, failed }) : t("bulk.done", { n: infos.length, what: t(`action.${action.id}`) });
  const undo = undos.length ? () => Promise.all(undos.map((each) => each())) : undefined;
  toast({ text, isFailed: failed > 0, undo });
}

/** @param {Action} action @param {Info} info */
async function one(action, info) {
  if (!(action.fits?.(info) ?? true)) {
    selection.tell(info, { isFailed: false, text: t("bulk.nothing") });
    return undefined;
  }
  try {
    const done = await (action.isDanger ? deleted(info) : action.run(info));
    selection.tell(info, { isFailed: false, text: t(`did.${action.id}`) });
    return /** @type {import("./session-actions.js").Done | null | undefined} */ (done)?.undo;
  } catch (error) {
    selection.tell(info, { isFailed: true, text: error.message });
    return undefined;
  }
}
