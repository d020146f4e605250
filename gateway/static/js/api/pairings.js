// What the gateway offers about senders of channels: who is let in, and who is one person.

import { ask } from "./http.js";

const ROOT = "api/v1/pairings";

/**
 * @typedef {object} Pairing a sender, and how far the pairing has come
 * @property {string} sender as `telegram:123`
 * @property {string} channel
 * @property {string} name as the sender gives it
 * @property {"Requested" | "Expired" | "Approved" | "Linked" | "Unlinked" | "Refused"} state
 * @property {string} since
 * @property {string} session to which direct messages of the sender go
 * @property {string | null} code
 * @property {string | null} expiresAt
 *
 * @typedef {object} Person senders who are one
 * @property {string} session
 * @property {string[]} senders
 * @property {string[]} joined ids of the sessions that they had by themselves
 *
 * @typedef {object} Decision
 * @property {string} at
 * @property {"approve" | "deny" | "link" | "unlink"} act
 * @property {string[]} senders
 * @property {string | null} by
 * @property {string} origin
 * @property {string | null} session
 */

/** @returns {Promise<{revision: number, pairings: Pairing[], people: Person[], decisions: Decision[]}>} */
export const listPairings = () => ask("GET", ROOT);

/** @param {string} whom a code, or a sender @returns {Promise<Pairing>} */
export const approveSender = (whom) => ask("POST", `${ROOT}/approve`, { body: { whom } });

/** @param {string} whom @returns {Promise<Pairing>} */
export const denySender = (whom) => ask("POST", `${ROOT}/deny`, { body: { whom } });

/** @param {string[]} senders @param {string} session empty for the oldest of theirs @returns {Promise<Person>} */
export const linkSenders = (senders, session) => ask("POST", `${ROOT}/link`, { body: { senders, session: session || null } });

/** @param {string} sender @returns {Promise<Pairing>} */
export const unlinkSender = (sender) => ask("POST", `${ROOT}/unlink`, { body: { sender } });
