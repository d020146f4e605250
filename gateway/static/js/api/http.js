// Requests to the gateway, and its problem documents as errors.

import { noteServerTime } from "../ui/clock.js";

/** A refusal of the gateway, or a gateway that cannot be reached. */
export class Problem extends Error {
  /**
   * @param {{code?: string, status?: number, title?: string, detail?: string, retryAfter?: number}} document
   */
  constructor(document) {
    super(document.detail || document.title || "");
    this.code = document.code ?? "unknown";
    this.status = document.status ?? 0;
    this.retryAfter = document.retryAfter;
  }

  /** Nobody answered: the gateway is down, or the network is. */
  get isUnreachable() {
    return this.status === 0;
  }
}

/** @type {() => void} */
let whenSignedOut = () => {};

/** Call this where the gateway knows the browser no more. @param {() => void} act */
export function onSignedOut(act) {
  whenSignedOut = act;
}

/**
 * An address below the page's own, wherever it is mounted.
 * @param {string} path
 * @param {Record<string, unknown>} [query] what is empty is left out
 */
export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "" && value !== false) url.searchParams.set(name, String(value));
  }
  return url;
}

/**
 * Ask, and give the answer's JSON; null where it has none.
 * @param {string} method
 * @param {string} path
 * @param {{query?: object, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 */
export async function ask(method, path, options = {}) {
  const response = await send(method, path, options);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/**
 * Ask for what may be unchanged since.
 * @param {string} path
 * @param {{query?: object, signal?: AbortSignal}} options
 * @param {string} tag the `ETag` of the answer that is there; empty for none
 * @returns {Promise<{tag: string, value: any}>} the value is null where it is unchanged
 */
export async function askIfChanged(path, options, tag) {
  const response = await send("GET", path, { ...options, headers: tag ? { "If-None-Match": tag } : {} });
  if (response.status === 304) return { tag, value: null };
  return { tag: response.headers.get("ETag") ?? "", value: await response.json() };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{query?: object, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} options
 */
async function send(method, path, { query, body, headers = {}, signal }) {
  const all = new Headers({ Accept: "application/json", ...headers });
  if (body !== undefined) all.set("Content-Type", "application/json");
  const init = { method, headers: all, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await fetch(address(path, query), { ...init, credentials: "same-origin", cache: "no-store" }).catch((error) => {
    throw error.name === "AbortError" ? error : new Problem({ code: "unreachable" });
  });
  noteServerTime(response.headers.get("Date"));
  if (response.ok || response.status === 304) return response;
  if (response.status === 401) whenSignedOut();
  const problem = await response.json().catch(() => ({ title: `${response.status} ${response.statusText}` }));
  throw new Problem({ retryAfter: Number(response.headers.get("Retry-After")) || undefined, ...problem, status: response.status });
}
