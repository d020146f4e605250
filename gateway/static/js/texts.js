// The texts that a person reads, all of which stand in the catalogue.

import { TEXTS } from "../texts/en.js";

const plural = new Intl.PluralRules("en");

/**
 * A text of the catalogue. `{name}` in it is a value; of a pair `one | other` the number `n` chooses.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const found = TEXTS[key];
  if (found === undefined) throw new Error(`the catalogue has no text ${key}`);
  const forms = found.split(" | ");
  const text = forms.length === 1 || plural.select(Number(values.n)) === "one" ? forms[0] : forms[1];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
