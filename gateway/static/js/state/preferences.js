// What this browser remembers of its user.

/** @param {string} name @param {string} fallback */
export function preference(name, fallback) {
  try {
    return localStorage.getItem(`argent.${name}`) ?? fallback;
  } catch {
    return fallback; // storage may be forbidden
  }
}

/** @param {string} name @param {string} value an empty one is forgotten */
export function prefer(name, value) {
  try {
    if (value) localStorage.setItem(`argent.${name}`, value);
    else localStorage.removeItem(`argent.${name}`);
  } catch {
    // it holds until the page is left
  }
}

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** "light", "dark", or "" for that of the system. */
export const theme = () => preference("theme", "");

export function applyTheme() {
  document.documentElement.dataset.theme = theme() || (isDark.matches ? "dark" : "light");
}

/** @param {string} name */
export function chooseTheme(name) {
  prefer("theme", name);
  applyTheme();
}

isDark.addEventListener("change", applyTheme);
