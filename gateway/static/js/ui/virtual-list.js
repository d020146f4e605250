// The rows of a long list that can be seen, each where it would stand if all were there.

const SPARE = 6; // rows above and below those in sight

export class VirtualList {
  /**
   * @param {HTMLElement} scroll
   * @param {number} height of a row, in pixels
   * @param {() => void} draw is called where other rows are in sight
   */
  constructor(scroll, height, draw) {
    this.scroll = scroll;
    this.height = height;
    this.from = 0;
    this.to = 0;
    const look = () => {
      const { from, to } = this;
      this.measure();
      if (from !== this.from || to !== this.to) draw();
    };
    scroll.addEventListener("scroll", look, { passive: true });
    new ResizeObserver(look).observe(scroll);
  }

  measure() {
    this.from = Math.max(0, Math.floor(this.scroll.scrollTop / this.height) - SPARE);
    this.to = Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / this.height) + SPARE;
  }

  /**
   * The indices of the rows to draw: those in sight, and one that has to be there, as it has the focus.
   * @param {number} count
   * @param {number} kept -1 for none
   */
  indices(count, kept) {
    this.measure();
    const to = Math.min(this.to, count);
    const found = Array.from({ length: Math.max(0, to - this.from) }, (_, at) => this.from + at);
    if (kept >= 0 && kept < count && (kept < this.from || kept >= to)) found.push(kept);
    return found;
  }

  /** Scroll no further than it takes to see this row. @param {number} index */
  show(index) {
    const top = index * this.height;
    const bottom = top + this.height;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (bottom > this.scroll.scrollTop + this.scroll.clientHeight) this.scroll.scrollTop = bottom - this.scroll.clientHeight;
  }
}
