// Search and filters; both stand in the address.

import { account, list, place } from "../app.js";
import { STATUSES } from "../state/session-info.js";
import { t } from "../texts.js";
import { number } from "../ui/format.js";
import { icon } from "../ui/marks.js";
import { html, live, nothing } from "../ui/lit.js";
import { openDialog } from "../ui/dialogs.js";

const PAUSE = 180; // milliseconds after the last key
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

export const searchField = () => html`<search class="search">
  ${icon("search")}
  <input
    id="search"
    class="field"
    type="search"
    autocomplete="off"
    spellcheck="false"
    placeholder=${t("list.search")}
    aria-label=${t("list.search")}
    .value=${live(place.value.filters.text ?? "")}
    @input=${(/** @type {InputEvent} */ event) => search(/** @type {HTMLInputElement} */ (event.target).value)}
  />
  <kbd aria-hidden="true">/</kbd>
</search>`;

/** @param {string} text */
function search(text) {
  clearTimeout(typing);
  typing = setTimeout(() => place.filter({ text: text.trim() }, { replace: true }), PAUSE);
}

export function filterBar() {
  const { filters } = place.value;
  const all = Object.values(list.counts).reduce((sum, count) => sum + count, 0);
  const shown = STATUSES.filter((status) => list.counts[status] || filters.status === status);
  return html`<div class="filters" role="group" aria-label=${t("filter.group")}>
    ${chip({ text: t("filter.all"), count: all, isOn: !filters.status, act: () => place.filter({ status: "" }) })}
    ${shown.map((status) =>
      chip({
        text: t(`filter.${status}`),
        status,
        count: list.counts[status] ?? 0,
        isOn: filters.status === status,
        act: () => place.filter({ status: filters.status === status ? "" : status }),
      }),
    )}
    ${chosen(filters)}
    <button type="button" class="chip more" @click=${openFilters}>${icon("filter")}${t("filter.more")}</button>
  </div>`;
}

const chip = ({ text, status = "", count, isOn, act }) => html`<button
  type="button"
  class="chip"
  data-status=${status || nothing}
  aria-pressed=${String(isOn)}
  @click=${act}
>
  ${status ? html`<span class="dot"></span>` : nothing}${text}<span class="figures">${number(count)}</span>
</button>`;

/** The filters that are set by words, each to be taken away. @param {Record<string, string>} filters */
const chosen = (filters) =>
  ["channel", "owner", "tag", "archived"]
    .filter((name) => filters[name])
    .map(
      (name) => html`<button type="button" class="chip" aria-pressed="true" aria-label=${t("filter.remove", { name: t(`filter.${name}`) })} @click=${() => place.filter({ [name]: "" })}>
        ${name === "archived" ? t("filter.archived") : `${t(`filter.${name}`)}: ${filters[name]}`}${icon("x")}
      </button>`,
    );

async function openFilters() {
  const { filters } = place.value;
  const known = (/** @type {"channels" | "tags"} */ name) => [...new Set(list.rows.flatMap((row) => row[name]))].sort();
  const owners = [...new Set(list.rows.map((row) => row.owner).filter(Boolean))].sort();
  const field = (/** @type {string} */ name, /** @type {string[]} */ words) => html`<label class="label">
    ${t(`filter.${name}`)}
    <input class="field" name=${name} list=${`known-${name}`} autocomplete="off" .value=${filters[name] ?? ""} />
    <datalist id=${`known-${name}`}>${words.map((word) => html`<option value=${word}></option>`)}</datalist>
  </label>`;
  const change = await openDialog(
    t("filter.more"),
    (close) => html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => close(valuesOf(event))}>
      <h2>${t("filter.title")}</h2>
      ${field("channel", known("channels"))} ${account.current?.owner ? nothing : field("owner", owners)} ${field("tag", known("tags"))}
      <label class="switch"><input type="checkbox" class="check" name="archived" .checked=${Boolean(filters.archived)} />${t("filter.archivedLabel")}</label>
      <div class="dialog-buttons">
        <button type="button" class="button" @click=${() => close(null)}>${t("dialog.cancel")}</button>
        <button class="button first">${t("filter.apply")}</button>
      </div>
    </form>`,
  );
  if (change) place.filter(change);
}

/** @param {SubmitEvent} event */
function valuesOf(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const text = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
  return { channel: text("channel"), owner: text("owner"), tag: text("tag"), archived: data.get("archived") ? "1" : "" };
}
