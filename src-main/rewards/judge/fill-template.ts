/** Fills the places of a judge's template: {prompt}, {completion}, {row.NAME} and so on. */

const place = /\{([a-z]+(?:\.[^{}]+)?)\}/g;

/** Braces that name nothing known stay as they are, so that JSON in a template needs no escapes. What is filled in is not filled again. */
export function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(place, (whole, name: string) => values[name] ?? whole);
}

/** The names in a template that are not in `known` and are no column of the row. */
export function unknownPlaces(template: string, known: readonly string[]): string[] {
  return [...template.matchAll(place)]
    .map(([, name]) => name)
    .filter((name) => !known.includes(name) && !name.startsWith('row.'));
}
