// What the gateway offers about channels: how accounts on platforms stand, and what is owed to them.

import { ask, askIfChanged } from "./http.js";

/**
 * @typedef {object} Account an account of ours on a platform
 * @property {string} channel
 * @property {string | null} account
 * @property {"connecting" | "connected" | "failing" | "stopped"} state
 * @property {string} since
 * @property {string} name that the platform gave us
 * @property {string} trouble
 * @property {string | null} nextAttemptAt
 * @property {number} received
 * @property {number} delivered
 * @property {number} dropped
 * @property {string} lastDropped
 * @property {string | null} lastReceivedAt
 * @property {string | null} lastDeliveredAt
 *
 * @typedef {object} Owed a message that is owed to a channel
 * @property {string} agent
 * @property {string} session
 * @property {string} channel
 * @property {number} number
 * @property {string} since
 * @property {number} attempts
 * @property {string} failure
 * @property {boolean} isFinal it can never be delivered
 */

/** @param {string} tag of the answer that is there @returns {Promise<{tag: string, value: {accounts: Account[]} | null}>} */
export const listChannels = (tag) => askIfChanged("api/v1/channels", {}, tag);

/** @param {Owed} owed */
export const dropOwed = ({ session, agent, number }) => ask("POST", "api/v1/outbox/drop", { body: { session, agent, number } });

/** @param {Owed} owed */
export const retryOwed = ({ session, agent, number }) => ask("POST", "api/v1/outbox/retry", { body: { session, agent, number } });

/** @param {string} tag @returns {Promise<{tag: string, value: {messages: Owed[]} | null}>} */
export const listOutbox = (tag) => askIfChanged("api/v1/outbox", {}, tag);
