// The event of each session that was refused last, as long as the tab is open, also when it is loaded anew.

/** @param {import("../api/sessions.js").Key} key */
const place = (key) => `argent.refused.${JSON.stringify(key)}`;

/** @param {import("../api/sessions.js").Key} key @returns {any} */
export function refusalOf(key) {
  try {
    return JSON.parse(sessionStorage.getItem(place(key)) ?? "null") ?? undefined;
  } catch {
    return undefined; // storage may be forbidden
  }
}

/** @param {import("../api/sessions.js").Key} key @param {any} refused undefined for none */
export function rememberRefusal(key, refused) {
  try {
    if (refused) sessionStorage.setItem(place(key), JSON.stringify(refused));
    else sessionStorage.removeItem(place(key));
  } catch {
    // it holds until the page is left
  }
}
