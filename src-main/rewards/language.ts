/** The rules about what a completion is written in: a Unicode script, or a natural language. */
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import type { CompiledRule } from './rule.ts';
import { plural, quote, short } from './wording.ts';

/**
 * The share of a script among the letters of the extracted text; with `min_share`, 1 from there on, else 0. A text without letters
 * scores 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when there is no such script
 */
export function compileScript(rule: RuleOf<'script'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const { script, min_share: least } = rule;
  const inScript = letterOf(script, `${field}.script`);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const letters = extracted.found.match(/\p{L}/gu)?.length ?? 0;
    const spans = [extracted.span];
    if (letters === 0) return { score: 0, why: `no letters in ${quote(extracted.found)}`, spans };
    const share = (extracted.found.match(inScript)?.length ?? 0) / letters;
    const why = `${short(100 * share)}% of ${plural(letters, 'letter')} are ${script}`;
    if (least === undefined) return { score: share, why, spans };
    return { score: share >= least ? 1 : 0, why: `${why}, wanted at least ${short(100 * least)}%`, spans };
  };
}

function letterOf(script: string, field: string): RegExp {
  try {
    return new RegExp(`(?=\\p{L})\\p{Script=${script}}`, 'gu');
  } catch (error) {
    const sentence = `${field}: there is no Unicode script "${script}"; use a name such as Latin, Cyrillic or Han.`;
    throw new StudioError('reward_invalid', sentence, { field }, { cause: error });
  }
}

/** So many UTF-16 units of the text are looked at: enough to tell languages apart, and the time of a call stays bounded. */
const LOOKED_AT = 200;

/**
 * 1 when the extracted text is in the language, judged on its first 200 characters by tinyld; else 0. Its tables take 35 MB, so they
 * are loaded for a rule that needs them.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the language is not one that can be told
 */
export async function compileLanguage(rule: RuleOf<'language'>, field: string): Promise<CompiledRule> {
  const { detect, supportedLanguages, toISO2 } = await import('tinyld');
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const { language } = rule;
  const languages = supportedLanguages.map(toISO2);
  if (!languages.includes(language)) {
    const known = languages.sort().join(', ');
    const sentence = `${field}.language: "${language}" is not a language that can be told; those are ${known}.`;
    throw new StudioError('reward_invalid', sentence, { field: `${field}.language` });
  }
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const spans = [extracted.span];
    const found = detect(extracted.found.trimStart().slice(0, LOOKED_AT));
    if (found === '') return { score: 0, why: `no language found in ${quote(extracted.found)}`, spans };
    return { score: found === language ? 1 : 0, why: `the text is ${found}, wanted ${language}`, spans };
  };
}
