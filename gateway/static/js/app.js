// What all views look at: the place, the list, what is chosen in it, and the session that is open.

import { CurrentPlace } from "./state/place.js";
import { Selection } from "./state/selection.js";
import { SessionList } from "./state/session-list.js";
import { OpenSession } from "./state/open-session.js";
import { Approvals } from "./state/approvals.js";
import { Channels } from "./state/channels.js";
import { Pairings } from "./state/pairings.js";

export const place = new CurrentPlace();
export const list = new SessionList();
export const selection = new Selection();
export const approvals = new Approvals();
export const channels = new Channels();

/** The account, once it is known. @type {{current: import("./api/account.js").Account | null}} */
export const account = { current: null };

/** Senders of channels; who may decide, and is bound to no owner, sees them. */
export const pairings = new Pairings(() => may("approve") && account.current?.owner === null);

/** The session that is open. @type {{current: OpenSession | null}} */
export const open = { current: null };

/** Whether the connection by which changes come is there. */
export const link = { isOpen: true };

/** The agent that is meant. */
export const agent = () => place.value.filters.agent ?? "";

/** Whether the account may do something. @param {string} scope */
export const may = (scope) => account.current?.scopes.includes(scope) ?? false;
