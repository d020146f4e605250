// What is said of a session in a list.

/**
 * @typedef {"working" | "approval" | "compacting" | "failed" | "parked" | "idle" | "new"} Status
 * @typedef {object} Info a session as the gateway tells of it
 * @property {string} id
 * @property {string} agent
 * @property {number} sequence
 * @property {string} state of the machine
 * @property {Status} status
 * @property {string} since of the status
 * @property {string} reason
 * @property {string} title
 * @property {string} lastActivity
 * @property {string} createdAt
 * @property {number} messages
 * @property {number} tokens
 * @property {number} window
 * @property {number} percent
 * @property {boolean} isGuess
 * @property {number} unread
 * @property {boolean} pinned
 * @property {boolean} archived
 * @property {string[]} channels
 * @property {string[]} tags
 * @property {string} owner
 * @property {number} approvals
 * @property {number} failed
 * @property {string} undo
 * @property {string} parent
 * @property {number} checkpoints
 * @property {Record<string, {count: number, last: string}>} edges
 */

/** @type {Status[]} */
export const STATUSES = ["working", "approval", "compacting", "failed", "parked", "idle", "new"];

/** @param {Info} info @returns {import("../api/sessions.js").Key} */
export const keyOf = (info) => [info.agent, info.id];

/** A key as text. @param {import("../api/sessions.js").Key} key */
export const nameOf = ([agent, id]) => `${agent}\n${id}`;

/** What to call it. @param {Info} info */
export const titleOf = (info) => info.title || info.id;

/** How full its window is, in words of the gauge. @param {number} percent @param {number} [trigger] */
export const levelOf = (percent, trigger = 85) => (percent >= trigger ? "full" : percent >= trigger * 0.8 ? "high" : "calm");

/** Pinned ones first, then those with the latest activity. @param {Info} a @param {Info} b */
export function inOrder(a, b) {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  if (a.lastActivity !== b.lastActivity) return a.lastActivity < b.lastActivity ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}
