/** From values to pixels: all that bars and curves need of a library of scales. */
type Range = readonly [number, number];

/** A straight line through both ends. A domain without extent is all at the start. */
export function linear([from, to]: Range, [start, end]: Range): (value: number) => number {
  const pixels = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * pixels;
}

/** Steps that people count in, as parts of a power of ten. */
const STEPS = [1, 2, 5, 10];

/**
 * Round values around a range, the first at or below its start and the last at or above its end.
 * @param count about so many steps; the range is longer than nothing
 */
export function roundValues([from, to]: Range, count: number): number[] {
  const wished = (to - from) / count;
  const power = Math.floor(Math.log10(wished));
  const factor = STEPS.find((step) => step * 10 ** power >= wished * 0.75) ?? 10;
  // Below one a step is divided by, or its multiples would end in the digits of binary fractions.
  const valueOf = (times: number): number =>
    power < 0 ? (times * factor) / 10 ** -power : times * factor * 10 ** power;
  const step = factor * 10 ** power;
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => valueOf(first + at));
}

/** Bars side by side. @param gap the part of a bar's place that is left free */
export function bands(
  count: number,
  [start, end]: Range,
  gap: number,
): { at: (index: number) => number; width: number } {
  const step = (end - start) / Math.max(1, count);
  return { at: (index) => start + (index + gap / 2) * step, width: step * (1 - gap) };
}
