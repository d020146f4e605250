// Time as the gateway has it, so that a wrong clock here changes nothing; and what ticks by it.

let ahead = 0; // milliseconds that the gateway's clock is ahead of this one

/** Take note of the time in an answer, which has whole seconds. @param {string | null} date */
export function noteServerTime(date) {
  const at = Date.parse(date ?? "") + 500;
  if (!Number.isNaN(at) && Math.abs(at - Date.now() - ahead) > 1500) ahead = at - Date.now();
}

/** Milliseconds since the epoch, by the gateway's clock. */
export const now = () => Date.now() + ahead;

/** @type {Set<() => void>} */
const ticking = new Set();
setInterval(() => ticking.forEach((tick) => tick()), 1000);

/** Call it each second, until what this gives is called. @param {() => void} tick */
export function everySecond(tick) {
  ticking.add(tick);
  return () => void ticking.delete(tick);
}
