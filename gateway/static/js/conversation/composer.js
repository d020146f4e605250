// Writing a message: kept as a draft until it is durable, sent with Ctrl+Enter.

import { may, open } from "../app.js";
import { command, sendMessage } from "../api/sessions.js";
import { prefer, preference } from "../state/preferences.js";
import { t } from "../texts.js";
import { now } from "../ui/clock.js";
import { icon, tool } from "../ui/marks.js";
import { html, live, nothing } from "../ui/lit.js";
import { toastError } from "../ui/toasts.js";

const LARGEST = 5 * 1024 * 1024; // bytes of a picture
/** @type {{name: string, type: string, data: string}[]} */
let pictures = [];

/** @param {import("../state/open-session.js").OpenSession} session */
const draftName = (session) => `draft.${session.key.join(".")}`;
/** Where a message waits until it is durable. @param {import("../state/open-session.js").OpenSession} session */
const waitingName = (session) => `waiting.${session.key.join(".")}`;

/** @param {import("../state/open-session.js").OpenSession} session @param {() => void} draw */
export function composer(session, draw) {
  if (!may("write")) return nothing;
  const isWorking = ["working", "approval", "compacting"].includes(session.info?.status ?? "");
  return html`<form class="composer" @submit=${(/** @type {SubmitEvent} */ event) => submit(event, session, draw)}>
    ${pictures.length ? html`<ul class="pictures">${pictures.map((each) => picture(each, draw))}</ul>` : nothing}
    <textarea
      id="message"
      class="field"
      rows="1"
      aria-label=${t("composer.label")}
      placeholder=${t("composer.placeholder")}
      aria-keyshortcuts="Control+Enter"
      .value=${live(preference(draftName(session), ""))}
      @input=${(/** @type {InputEvent} */ event) => keep(event, session)}
      @keydown=${sendByKey}
      @paste=${(/** @type {ClipboardEvent} */ event) => attach([...(event.clipboardData?.files ?? [])], draw)}
    ></textarea>
    <div class="composer-line">
      <label class="tool small" title=${t("composer.attach")}>
        ${icon("image")}<span class="unseen">${t("composer.attach")}</span>
        <input type="file" class="unseen" accept="image/png,image/jpeg,image/gif,image/webp" multiple @change=${(/** @type {Event} */ event) => attach([.../** @type {any} */ (event.target).files], draw)} />
      </label>
      <span class="composer-hint"><kbd>Ctrl</kbd> <kbd>Enter</kbd> ${t("composer.sends")}</span>
      ${isWorking ? html`<button type="button" class="button small" @click=${() => stop(session)}>${icon("square")}${t("action.stop")}</button>` : nothing}
      <button class="button small first">${icon("send")}${t("composer.send")}</button>
    </div>
  </form>`;
}

/** @param {{name: string, type: string, data: string}} one @param {() => void} draw */
const picture = (one, draw) => html`<li>
  <img src=${`data:${one.type};base64,${one.data}`} alt=${one.name} />
  ${tool({ name: "x", label: t("composer.detach", { name: one.name }), classes: "small", act: () => ((pictures = pictures.filter((each) => each !== one)), draw()) })}
</li>`;

/** @param {KeyboardEvent} event */
function sendByKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  /** @type {HTMLTextAreaElement} */ (event.target).form?.requestSubmit();
}

/** @param {InputEvent} event @param {import("../state/open-session.js").OpenSession} session */
function keep(event, session) {
  prefer(draftName(session), /** @type {HTMLTextAreaElement} */ (event.target).value);
}

/** @param {File[]} files @param {() => void} draw */
async function attach(files, draw) {
  for (const file of files.filter((each) => each.type.startsWith("image/"))) {
    if (file.size > LARGEST) {
      toastError(new Error(t("composer.tooLarge", { name: file.name, most: LARGEST / 1024 ** 2 })));
      continue;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const text = Array.from({ length: Math.ceil(bytes.length / 8192) }, (_, at) => String.fromCharCode(...bytes.subarray(8192 * at, 8192 * (at + 1)))).join("");
    pictures = [...pictures, { name: file.name, type: file.type, data: btoa(text) }];
  }
  draw();
}

/** @param {SubmitEvent} event @param {import("../state/open-session.js").OpenSession} session @param {() => void} draw */
async function submit(event, session, draw) {
  event.preventDefault();
  const field = /** @type {HTMLTextAreaElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem("message"));
  const text = field.value.trim();
  if (!text && pictures.length === 0) return;
  const taken = pictures;
  const blocks = taken.map((each) => ({ type: "image", source: { type: "base64", media_type: each.type, data: each.data } }));
  const content = blocks.length ? [...blocks, ...(text ? [{ type: "text", text }] : [])] : text;
  const id = newId();
  field.value = "";
  pictures = [];
  prefer(draftName(session), "");
  if (!blocks.length) prefer(waitingName(session), JSON.stringify({ id, text }));
  if (!(await sent(session, id, content, text))) {
    pictures = taken;
    draw();
  }
}

/** Send what was written before the page was left, and was perhaps not taken; the gateway takes it once. */
export async function resume(/** @type {import("../state/open-session.js").OpenSession} */ session) {
  const waiting = preference(waitingName(session), "");
  if (!waiting || !may("write")) return;
  const { id, text } = JSON.parse(waiting);
  await sent(session, id, text, text);
}

/**
 * @param {import("../state/open-session.js").OpenSession} session
 * @param {string} id
 * @param {unknown} content
 * @param {string} text goes back into the draft where it was not taken
 */
async function sent(session, id, content, text) {
  session.expect(id, text, new Date(now()).toISOString());
  try {
    await sendMessage(session.key, content, id);
    prefer(waitingName(session), "");
    return true;
  } catch (error) {
    prefer(waitingName(session), "");
    const since = preference(draftName(session), "");
    prefer(draftName(session), since ? `${text}\n\n${since}` : text);
    session.giveUp(id);
    toastError(error);
    return false;
  }
}

/** An id that no other message has; `randomUUID` is there in secure contexts only. */
const newId = () => `web-${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** @param {import("../state/open-session.js").OpenSession} session */
async function stop(session) {
  try {
    await command(session.key, "stop");
  } catch (error) {
    toastError(error);
  }
  if (open.current === session) session.look();
}
