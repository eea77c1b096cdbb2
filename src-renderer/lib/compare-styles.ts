/** How each of many runs is drawn: colour and dash together tell 32 of them apart, with or without colour vision. Pure. */

export interface LineStyle {
  /** A CSS custom property, for both themes. */
  color: string;
  /** Lengths of strokes and gaps; none is a solid line. */
  dash?: number[];
}

/** Neighbours in the palette that are hard to tell apart without red and green do not follow each other. */
const colors = [2, 3, 1, 4, 6, 5, 7, 8].map((place) => `var(--series-${place})`);

const dashes: (number[] | undefined)[] = [undefined, [9, 5], [2, 3], [10, 3, 2, 3]];

/** @param place 0-based; those eight apart share their colour and differ in their dash */
export function lineStyle(place: number): LineStyle {
  const dash = dashes[(place + Math.floor(place / colors.length)) % dashes.length];
  const color = colors[place % colors.length];
  return dash === undefined ? { color } : { color, dash };
}
