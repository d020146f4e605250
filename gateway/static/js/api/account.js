// Who the browser is to the gateway; its cookie is out of any script's reach.

import { ask } from "./http.js";

/**
 * @typedef {object} Account
 * @property {string} name
 * @property {string[]} scopes
 * @property {string | null} owner
 */

/** @returns {Promise<Account>} */
export const whoAmI = () => ask("GET", "api/v1/whoami");

/** Sign in with a code that is valid once. @param {string} code @returns {Promise<Account>} */
export const signIn = (code) => ask("POST", "sign-in", { body: { code } });

export const signOut = () => ask("POST", "sign-out", { body: {} });
