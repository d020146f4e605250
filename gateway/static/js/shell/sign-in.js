// Signing in: by a link whose fragment carries a code, or by typing it.

import { signIn, whoAmI } from "../api/account.js";
import { t } from "../texts.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";

const CODE = /^#code=([^&]+)$/;
const WAIT = 1500; // milliseconds until an unreachable gateway is asked again

/** The account; it returns once somebody has signed in. @param {HTMLElement} root @returns {Promise<import("../api/account.js").Account>} */
export async function account(root) {
  const code = CODE.exec(location.hash)?.[1];
  if (code) {
    history.replaceState(null, "", location.pathname);
    const found = await signIn(decodeURIComponent(code)).catch((error) => error);
    if (!(found instanceof Error)) return found;
    return asked(root, found.message);
  }
  for (;;) {
    try {
      return await whoAmI();
    } catch (error) {
      if (error.status === 401) return asked(root, "");
      render(html`<main class="sign-in">${machineMark()}<h1>${t("brand")}</h1><p role="status">${error.message || t("problem.unreachable")}</p></main>`, root);
      await new Promise((resume) => setTimeout(resume, WAIT));
    }
  }
}

/** @param {HTMLElement} root @param {string} problem @returns {Promise<import("../api/account.js").Account>} */
function asked(root, problem) {
  return new Promise((resolve) => {
    const take = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.target);
      try {
        resolve(await signIn(String(new FormData(form).get("code")).trim()));
      } catch (error) {
        show(error.message || t("problem.unreachable"));
      }
    };
    const show = (/** @type {string} */ trouble) =>
      render(
        html`<main class="sign-in">
          ${machineMark("Active")}
          <h1>${t("brand")}</h1>
          <p>${t("signIn.how")} <code>argent gateway link</code></p>
          ${trouble ? html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${trouble}</span></div>` : nothing}
          <form @submit=${take}>
            <label class="label">${t("signIn.code")}<input class="field mono" name="code" autocomplete="one-time-code" autofocus required /></label>
            <button class="button first">${t("signIn.action")}</button>
          </form>
        </main>`,
        root,
      );
    show(problem);
  });
}
