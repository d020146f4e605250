// Numbers, times and lengths of time as people read them.

import { t } from "../texts.js";
import { now } from "./clock.js";

const numbers = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const shortDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** @param {number} value */
export const number = (value) => numbers.format(value);

/** 12,300 as 12.3K. @param {number} value */
export const short = (value) => compact.format(value);

/** @param {number} value */
export const percent = (value) => `${value >= 10 ? Math.round(value) : Math.round(10 * value) / 10} %`;

/** @param {number} value */
export const money = (value) => (value >= 0.1 || value === 0 ? value.toFixed(2) : value.toPrecision(2));

/** @param {string} at */
export const timeOfDay = (at) => clock.format(new Date(at));

/** @param {string} at */
export const exactTime = (at) => exact.format(new Date(at));

/** @param {string} at */
export const dayOf = (at) => day.format(new Date(at));

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds since then, none before it. @param {string} at */
export const secondsSince = (at) => Math.max(0, Math.floor((now() - Date.parse(at)) / 1000));

/** A length of time in its two largest units at most. @param {number} seconds */
export function duration(seconds) {
  if (seconds < MINUTE) return t("time.seconds", { n: Math.floor(seconds) });
  if (seconds < 10 * MINUTE) return t("time.minutesSeconds", { m: Math.floor(seconds / MINUTE), s: Math.floor(seconds % MINUTE) });
  if (seconds < HOUR) return t("time.minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return t("time.hoursMinutes", { h: Math.floor(seconds / HOUR), m: Math.floor((seconds % HOUR) / MINUTE) });
  return t("time.days", { n: Math.floor(seconds / DAY) });
}

/** When something was, in few letters. @param {string} at */
export function ago(at) {
  const seconds = secondsSince(at);
  if (seconds < 5) return t("time.now");
  if (seconds < MINUTE) return t("time.seconds", { n: seconds });
  if (seconds < HOUR) return t("time.minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return t("time.hours", { n: Math.floor(seconds / HOUR) });
  if (seconds < 7 * DAY) return t("time.days", { n: Math.floor(seconds / DAY) });
  const then = new Date(at);
  return (then.getFullYear() === new Date(now()).getFullYear() ? shortDay : shortDate).format(then);
}
