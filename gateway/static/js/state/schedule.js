// Drawing: once a frame, however often something has changed.

/**
 * A function that has `draw` called before the next frame, and at once in a page that nobody sees.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function everyFrame(draw) {
  let isDue = false;
  const run = () => {
    isDue = false;
    draw();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    if (document.visibilityState === "hidden") setTimeout(run, 50);
    else requestAnimationFrame(run);
  };
}

/**
 * A function that has `act` called once a while at most: at once, and again after the last call.
 * @param {number} milliseconds
 * @param {() => unknown} act
 */
export function atMostEvery(milliseconds, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let last = -Infinity;
  const run = () => {
    timer = undefined;
    last = performance.now();
    act();
  };
  return () => {
    timer ??= setTimeout(run, Math.max(0, last + milliseconds - performance.now()));
  };
}
