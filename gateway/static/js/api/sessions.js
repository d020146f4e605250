// What the gateway offers about sessions, one function each.

import { address, ask, askIfChanged } from "./http.js";

const ROOT = "api/v1";

/** @param {Key} key @param {string} [rest] */
const path = ([, id], rest = "") => `${ROOT}/sessions/${encodeURIComponent(id)}${rest && `/${rest}`}`;

/**
 * The key of a session: its agent, and its id.
 * @typedef {[string, string]} Key
 */

/**
 * A page of the list, which begins anew where `after` is empty.
 * @param {object} filters
 * @param {{after?: string, limit: number, tag?: string, signal?: AbortSignal}} page
 */
export const listSessions = (filters, { after, limit, tag = "", signal }) =>
  askIfChanged(`${ROOT}/sessions`, { query: { ...filters, limit, after }, signal }, tag);

/** @param {Key} key */
export const getSession = (key) => ask("GET", path(key), { query: { agent: key[0] } });

/** @param {string} agent @param {object} fields */
export const createSession = (agent, fields) => ask("POST", `${ROOT}/sessions`, { query: { agent }, body: fields });

/** @param {Key} key @param {object} changes */
export const patchSession = (key, changes) => ask("PATCH", path(key), { query: { agent: key[0] }, body: changes });

/** @param {Key} key */
export const deleteSession = (key) => ask("DELETE", path(key), { query: { agent: key[0] } });

/**
 * A command: clear, compact, undo, fork, rewind, regenerate, stop, retry, unpark.
 * @param {Key} key
 * @param {string} name
 * @param {object} [body]
 */
export const command = (key, name, body = {}) =>
  ask("POST", path(key, name), { query: { agent: key[0] }, body, headers: { Prefer: "respond-async" } });

/**
 * What there is to read of a session: messages, lifecycles, transitions, context.
 * @param {Key} key
 * @param {string} name
 * @param {object} [query]
 */
export const read = (key, name, query = {}) => ask("GET", path(key, name), { query: { agent: key[0], ...query } });

/**
 * Send a message; it is durable when this returns.
 * @param {Key} key
 * @param {unknown} content
 * @param {string} id the same again is the same message
 */
export const sendMessage = (key, content, id) =>
  ask("POST", path(key, "messages"), {
    query: { agent: key[0] },
    body: { content },
    headers: { "Idempotency-Key": id, Prefer: "respond-async" },
  });

/** @param {object} query */
export const searchMessages = (query) => ask("GET", `${ROOT}/search`, { query });

export const listApprovals = () => ask("GET", `${ROOT}/approvals`);

/**
 * @param {Key} key
 * @param {string} call
 * @param {"approve" | "deny"} word
 * @param {string} [reason]
 */
export const decide = (key, call, word, reason = "") =>
  ask("POST", path(key, `approvals/${encodeURIComponent(call)}/${word}`), {
    query: { agent: key[0] },
    body: reason ? { reason } : {},
  });

/** Where the bytes of a picture or a document are. @param {Key} key @param {string} sha256 */
export const attachmentAddress = (key, sha256) => address(path(key, `attachments/${sha256}`), { agent: key[0] }).href;

/** Where a session can be saved from. @param {Key} key */
export const exportAddress = (key) => address(path(key, "export"), { agent: key[0] }).href;
