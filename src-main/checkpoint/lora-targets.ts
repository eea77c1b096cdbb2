/** Which layers an adapter stands on: PEFT's rules for names, regular expressions and patterns over the paths of layers. */
import { RE2JS } from 're2js';

/** Expressions of adapters come from files of others; this kind takes linear time whatever is in them. */
const expressions = new Map<string, RE2JS>();

function expression(source: string): RE2JS {
  let compiled = expressions.get(source);
  if (compiled === undefined) expressions.set(source, (compiled = RE2JS.compile(source)));
  return compiled;
}

/** Why a regular expression over layers cannot be used, or null. */
export function expressionFault(source: string): string | null {
  try {
    expression(source);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A list names layers by the ends of their paths (whole names between dots); one text is an expression for whole paths. */
export function isTarget(layer: string, targets: readonly string[] | string): boolean {
  if (typeof targets === 'string') return expression(targets).matches(layer);
  return targets.some((target) => layer === target || layer.endsWith(`.${target}`));
}

/** The value of the first pattern that is an expression for the end of the layer's path, whole names; undefined without one. */
export function valueFor(layer: string, patterns: Readonly<Record<string, number>>): number | undefined {
  for (const [pattern, value] of Object.entries(patterns)) {
    if (expression(`(?:.*\\.)?(?:${pattern})`).matches(layer)) return value;
  }
  return undefined;
}

/** The linear layer whose weight this is, null when it is none: embedding, head, norms and biases are not. */
export function linearLayerOf(weight: string, { length: dimensions }: readonly number[]): string | null {
  const linear = weight.startsWith('model.layers.') && weight.endsWith('.weight') && dimensions === 2;
  return linear ? weight.slice(0, -'.weight'.length) : null;
}
