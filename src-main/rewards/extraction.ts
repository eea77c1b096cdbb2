/** Takes the text to score out of a completion, or the right answer out of a column. */
import type { Extraction } from '../contract/reward-rules.ts';
import { findLastNumber } from './numbers.ts';
import { compilePattern } from './pattern.ts';

/** What was found, or why nothing was, worded to go on with `in the completion`. */
type Extracted = { found: string } | { missing: string };

export type Extractor = (text: string) => Extracted;

/**
 * @param field where the extraction stands in the config, such as `rewards.0.extract`
 * @throws StudioError reward_invalid when a pattern is no regular expression or has no such group
 */
export function compileExtraction(extraction: Extraction, field: string): Extractor {
  switch (extraction.type) {
    case 'text':
      return (text) => ({ found: text });
    case 'tag':
      return (text) => orMissing(lastTag(text, extraction.tag), `no <${extraction.tag}> tag`);
    case 'regex': {
      const { pattern, group } = extraction;
      const expression = compilePattern(pattern, `${field}.pattern`, { group, field: `${field}.group` });
      return (text) => {
        const match = expression.exec(text);
        return orMissing(
          match?.[group],
          match ? `nothing in group ${group} of /${pattern}/` : `no match of /${pattern}/`,
        );
      };
    }
    case 'last_number':
      return (text) => orMissing(findLastNumber(text), 'no number');
    case 'after':
      return (text) => orMissing(afterLast(text, extraction.marker), `no ${extraction.marker}`);
  }
}

function orMissing(text: string | null | undefined, missing: string): Extracted {
  return text === null || text === undefined ? { missing } : { found: text };
}

/** The inside of the last `<tag>` that is closed. */
function lastTag(text: string, tag: string): string | null {
  const [open, close] = [`<${tag}>`, `</${tag}>`];
  const lastClose = text.lastIndexOf(close);
  if (lastClose < 0) return null;
  const start = text.slice(0, lastClose).lastIndexOf(open);
  if (start < 0) return null;
  const inside = start + open.length;
  return text.slice(inside, text.indexOf(close, inside));
}

/** The rest of the line after the last marker. */
function afterLast(text: string, marker: string): string | null {
  const start = text.lastIndexOf(marker);
  return start < 0 ? null : text.slice(start + marker.length).split('\n', 1)[0];
}
