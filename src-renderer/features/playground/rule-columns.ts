/** Which columns of a row rules read. Pure. */

/** Names in the settings `column` and `…_column`, wherever they stand, in order and each once. */
export function columnsOf(rules: readonly unknown[]): string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [key, part] of Object.entries(value)) {
      if (typeof part === 'string' && /(^|_)column$/.test(key)) names.push(part);
      else visit(part);
    }
  };
  visit(rules);
  return [...new Set(names)];
}
