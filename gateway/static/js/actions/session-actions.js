// What can be done with a session: one table for menus, keys, the palette, and for many at once.

import { account, may, open, place } from "../app.js";
import { command, deleteSession, exportAddress, patchSession } from "../api/sessions.js";
import { keyOf, titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { askedText, confirmed } from "../ui/dialogs.js";

/** @typedef {import("../state/session-info.js").Info} Info */

/**
 * @typedef {object} Action
 * @property {string} id with a text `action.<id>`, and `done.<id>` for what was done
 * @property {string} icon
 * @property {string} [key] the letter for the row that has the focus
 * @property {"read" | "write"} scope
 * @property {(info: Info) => boolean} [fits] whether there is anything to do
 * @property {(info: Info) => Promise<Done | null | void>} run null where it was not done after all
 * @property {boolean} [isDanger] it asks first, for it cannot be undone
 * @property {boolean} [isForMany]
 * @property {boolean} [isQuick] a button of its own in a row
 *
 * @typedef {{undo?: () => Promise<unknown>, isQuiet?: boolean}} Done
 */

/** @param {Info} info @param {object} change @param {object} back */
async function patched(info, change, back) {
  await patchSession(keyOf(info), change);
  return { undo: () => patchSession(keyOf(info), back) };
}

/** @param {Info} info @param {string} name @param {object} [body] */
async function undoable(info, name, body) {
  await command(keyOf(info), name, body);
  return { undo: () => command(keyOf(info), "undo") };
}

/** @type {Action[]} */
export const ACTIONS = [
  {
    id: "rename",
    icon: "pencil",
    key: "r",
    scope: "write",
    isQuick: true,
    run: async (info) => {
      const title = await askedText({
        title: t("rename.title"),
        label: t("rename.label"),
        value: info.title,
        action: t("rename.action"),
        note: t("rename.note", { id: info.id }),
      });
      return title === null || title === info.title ? null : patched(info, { title }, { title: info.title });
    },
  },
  {
    id: "pin",
    icon: "pin",
    key: "p",
    scope: "write",
    isQuick: true,
    isForMany: true,
    fits: (info) => !info.pinned,
    run: (info) => patched(info, { pinned: true }, { pinned: false }),
  },
  {
    id: "unpin",
    icon: "pin-off",
    key: "p",
    scope: "write",
    isQuick: true,
    isForMany: true,
    fits: (info) => info.pinned,
    run: (info) => patched(info, { pinned: false }, { pinned: true }),
  },
  {
    id: "archive",
    icon: "archive",
    key: "e",
    scope: "write",
    isQuick: true,
    isForMany: true,
    fits: (info) => !info.archived,
    run: (info) => patched(info, { archived: true }, { archived: false }),
  },
  {
    id: "unarchive",
    icon: "archive-restore",
    key: "e",
    scope: "write",
    isQuick: true,
    isForMany: true,
    fits: (info) => info.archived,
    run: (info) => patched(info, { archived: false }, { archived: true }),
  },
  {
    id: "read",
    icon: "mail-open",
    key: "m",
    scope: "write",
    isForMany: true,
    fits: (info) => info.unread > 0,
    run: async (info) => {
      await patchSession(keyOf(info), { read: info.messages });
      return { isQuiet: true };
    },
  },
  {
    id: "fork",
    icon: "git-fork",
    key: "f",
    scope: "write",
    run: (info) => forked(info),
  },
  {
    id: "stop",
    icon: "square",
    key: "s",
    scope: "write",
    isForMany: true,
    fits: (info) => ["working", "approval", "compacting"].includes(info.status),
    run: async (info) => {
      await command(keyOf(info), "stop");
      return {};
    },
  },
  {
    id: "retry",
    icon: "rotate-ccw",
    key: "t",
    scope: "write",
    isForMany: true,
    fits: (info) => info.failed > 0,
    run: async (info) => {
      await command(keyOf(info), "retry");
      return {};
    },
  },
  {
    id: "unpark",
    icon: "play",
    scope: "admin",
    isForMany: true,
    fits: (info) => info.status === "parked",
    run: async (info) => {
      await command(keyOf(info), "unpark");
      return {};
    },
  },
  {
    id: "compact",
    icon: "fold-vertical",
    key: "c",
    scope: "write",
    isForMany: true,
    fits: (info) => info.messages > 1 && info.status !== "compacting",
    run: (info) => undoable(info, "compact"),
  },
  {
    id: "clear",
    icon: "eraser",
    scope: "write",
    isForMany: true,
    fits: (info) => info.messages > 0,
    run: (info) => undoable(info, "clear"),
  },
  {
    id: "undo",
    icon: "undo-2",
    key: "u",
    scope: "write",
    fits: (info) => Boolean(info.undo),
    run: async (info) => {
      await command(keyOf(info), "undo");
      return {};
    },
  },
  {
    id: "export",
    icon: "download",
    scope: "read",
    run: async (info) => {
      const link = document.createElement("a");
      link.href = exportAddress(keyOf(info));
      link.download = "";
      link.click();
      return { isQuiet: true };
    },
  },
  {
    id: "delete",
    icon: "trash-2",
    key: "#",
    scope: "admin",
    isDanger: true,
    isForMany: true,
    run: async (info) => {
      const question = { title: t("delete.title"), text: t("delete.text", { title: titleOf(info), n: info.messages }), action: t("delete.action") };
      if (!(await confirmed(question))) return null;
      return deleted(info);
    },
  },
];

/** Delete without asking, for it was asked before. @param {Info} info */
export async function deleted(info) {
  await deleteSession(keyOf(info));
  if (open.current?.isOf(keyOf(info))) place.go({ view: "", session: "" });
  return {};
}

/**
 * A fork of a session, which opens.
 * @param {Info} info
 * @param {number} [at] the number of a message; without one as it is now
 */
export async function forked(info, at) {
  const made = await command(keyOf(info), "fork", at === undefined ? {} : { at });
  place.go({ view: "session", session: made.id, tab: "conversation" });
  return {};
}

/** Those that there is anything to do for. @param {Info} info */
export const actionsFor = (info) => ACTIONS.filter((each) => (each.fits?.(info) ?? true) && account.current && may(each.scope));
