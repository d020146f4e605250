// The owner's word on senders: let in, refused, linked, parted. What hurts asks first.

import { approveSender, denySender, linkSenders, unlinkSender } from "../api/pairings.js";
import { pairings } from "../app.js";
import { t } from "../texts.js";
import { confirmed } from "../ui/dialogs.js";
import { toast, toastError } from "../ui/toasts.js";
import { askedLink } from "./linking.js";

/**
 * Do it, and say what was done.
 * @template T
 * @param {() => Promise<T>} act
 * @param {(done: T) => string} told
 */
async function decide(act, told) {
  try {
    const done = await act();
    toast({ text: told(done) });
  } catch (error) {
    toastError(error);
  }
  pairings.refresh();
}


/** @param {string} whom a code, or a sender */
export const letIn = (whom) => decide(() => approveSender(whom), ({ sender }) => t("people.did.approve", { sender }));

/** @param {string} sender */
export async function refuse(sender) {
  const question = { title: t("people.refuseTitle", { sender }), text: t("people.refuseText"), action: t("people.refuse") };
  if (await confirmed(question)) await decide(() => denySender(sender), () => t("people.did.deny", { sender }));
}

/** @param {string} sender @param {import("../api/pairings.js").Person} person */
export async function part(sender, person) {
  const takesAlong = person.session === sender;
  const question = {
    title: t("people.partTitle", { sender }),
    text: t(takesAlong ? "people.partAlong" : "people.partText", { sender, session: person.session }),
    action: t("people.part"),
  };
  if (await confirmed(question)) await decide(() => unlinkSender(sender), () => t("people.did.unlink", { sender }));
}

/** @param {string[]} senders @returns {Promise<boolean>} whether they were linked, as far as it goes */
export async function link(senders) {
  const session = await askedLink(senders);
  if (session === null) return false;
  await decide(() => linkSenders(senders, session), () => t("people.did.link", { n: senders.length }));
  return true;
}
