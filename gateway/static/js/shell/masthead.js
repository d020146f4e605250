// The line above the list: the name, the agent, and what concerns all of the page.

import { account, approvals, may, pairings, place } from "../app.js";
import { signOut } from "../api/account.js";
import { chooseTheme, theme } from "../state/preferences.js";
import { t } from "../texts.js";
import { machineMark, tool } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";
import { openMenu } from "../ui/menu.js";
import { openHelp } from "./help.js";
import { openPalette } from "./palette.js";

const THEMES = [
  { name: "", icon: "monitor", text: "theme.system" },
  { name: "light", icon: "sun", text: "theme.light" },
  { name: "dark", icon: "moon", text: "theme.dark" },
];

export function masthead() {
  const waiting = approvals.waiting.length;
  const strangers = pairings.waiting.length;
  return html`<header class="masthead">
    <a class="brand" href="#/">${machineMark("Active")}<span>${t("brand")}</span></a>
    ${may("write") ? tool({ name: "plus", label: t("list.new"), key: "n", act: () => document.dispatchEvent(new Event("new-session")) }) : nothing}
    <a class="tool" href=${place.href({ view: "approvals", session: "" })} aria-label=${t("approvals.link", { n: waiting })} title=${t("approvals.title")}>
      <i class="icon" data-icon="list-checks" aria-hidden="true"></i>${waiting ? html`<span class="badge" aria-hidden="true">${waiting}</span>` : nothing}
    </a>
    ${pairings.mayLook() ? html`<a class="tool" href=${place.href({ view: "people", session: "" })} aria-label=${t("people.linkTo", { n: strangers })} title=${t("people.title")}>
      <i class="icon" data-icon="user" aria-hidden="true"></i>${strangers ? html`<span class="badge" aria-hidden="true">${strangers}</span>` : nothing}
    </a>` : nothing}
    ${tool({ name: "search", label: t("palette.title"), key: "Ctrl+K", act: openPalette })}
    ${tool({ name: "ellipsis", label: t("menu.title"), act: openMain })}
  </header>`;
}

/** @param {MouseEvent} event */
function openMain(event) {
  const themes = THEMES.map((each) => ({ text: t(each.text), icon: theme() === each.name ? "check" : each.icon, act: () => chooseTheme(each.name) }));
  openMenu(/** @type {HTMLElement} */ (event.currentTarget), [
    ...themes,
    null,
    ...(account.current?.owner === null ? [{ text: t("channels.title"), icon: "messages-square", key: "g c", act: () => place.go({ view: "channels", session: "" }) }, null] : []),
    { text: t("help.title"), icon: "keyboard", key: "?", act: openHelp },
    { text: t("menu.signOut", { name: account.current?.name ?? "" }), icon: "log-out", act: leave },
  ]);
}

async function leave() {
  await signOut();
  location.reload();
}
