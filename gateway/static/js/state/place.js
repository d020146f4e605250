// The place that the address bar shows: what is open, and how the list is filtered. It stands in the fragment, which
// no server and no log ever sees.

/**
 * @typedef {"conversation" | "machine" | "context"} Tab
 * @typedef {Record<string, string>} Filters by name; those that are not set are missing
 * @typedef {"" | "session" | "approvals" | "people" | "channels"} View
 * @typedef {object} Place
 * @property {View} view
 * @property {string} session the id of the one that is open
 * @property {Tab} tab
 * @property {Filters} filters
 */

export const FILTERS = ["agent", "status", "channel", "owner", "tag", "archived", "text"];
/** @type {Tab[]} */
export const TABS = ["conversation", "machine", "context"];

/** @type {View[]} those that have no session */
const VIEWS = ["approvals", "people", "channels"];

/** @param {string} fragment @returns {Place} */
export function parsePlace(fragment) {
  const [path, query = ""] = fragment.replace(/^#\/?/, "").split("?");
  const [view, id = "", tab] = path.split("/");
  const given = new URLSearchParams(query);
  /** @type {Filters} */
  const filters = {};
  for (const name of FILTERS) if (given.get(name)) filters[name] = String(given.get(name));
  return {
    view: VIEWS.find((known) => known === view) ?? (view === "session" && id ? "session" : ""),
    session: view === "session" ? decoded(id) : "",
    tab: TABS.find((known) => known === tab) ?? "conversation",
    filters,
  };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Place} place */
export function fragmentOf({ view, session, tab, filters }) {
  const parts = view === "session" ? [view, encodeURIComponent(session), ...(tab === "conversation" ? [] : [tab])] : [view];
  const query = new URLSearchParams(filters).toString();
  return `#/${parts.join("/")}${query && `?${query}`}`;
}

export class CurrentPlace extends EventTarget {
  constructor() {
    super();
    this.value = parsePlace(location.hash);
    globalThis.addEventListener("hashchange", () => this.#take());
  }

  /** The address of another place, for a link. @param {Partial<Place>} change */
  href(change) {
    return fragmentOf({ ...this.value, ...change });
  }

  /** @param {Partial<Place>} change @param {{replace?: boolean}} [how] replace: not a step of its own for Back */
  go(change, { replace = false } = {}) {
    const fragment = this.href(change);
    if (fragment === location.hash) return;
    if (!replace) location.hash = fragment;
    else {
      history.replaceState(null, "", fragment);
      this.#take();
    }
  }

  /** @param {Filters} change an empty text takes a filter away */
  filter(change, how = {}) {
    const filters = Object.fromEntries(Object.entries({ ...this.value.filters, ...change }).filter(([, value]) => value));
    this.go({ filters }, how);
  }

  #take() {
    this.value = parsePlace(location.hash);
    this.dispatchEvent(new Event("change"));
  }
}
