/** Reads a rule set from a file of a person's: YAML or JSON, a list of rules or anything with such a list in `rewards`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { ConfigError } from '../services/config/config-file.ts';
import { checkRules } from '../services/rewards/check-rules.ts';

/** Whether a name is meant as a file: it is there, or ends as one does. */
export function isRewardSetFile(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name) || (/[/\\]/.test(name) && existsSync(name));
}

/**
 * @throws ConfigError with the line of each problem; StudioError config_invalid when the file cannot be read, is no YAML or JSON, or
 *   holds no list
 */
export async function readRewardSetFile(path: string): Promise<RewardRule[]> {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.pos[0]);
    const message = `The file is neither YAML nor JSON: ${fault.message.replace(/[.!?]?$/, '.')}`;
    throw new StudioError('config_invalid', message, { path, line });
  }
  const given: unknown = document.toJS();
  const isList = Array.isArray(given);
  if (!isList && !(given !== null && typeof given === 'object' && 'rewards' in given)) {
    const message = 'A rule set is a list of rules, or has such a list in `rewards`.';
    throw new StudioError('config_invalid', message, { path, line: 1 });
  }
  const { rules, problems } = await checkRules(given);
  if (rules !== null) return rules.map((rule) => withFolder(rule, dirname(resolve(path))));
  const located = problems.map(({ field, message, line, column }) => {
    const place = field.split('.').slice(isList ? 1 : 0);
    const inScript = line === null ? '' : ` Line ${line}, column ${column} of the script.`;
    const at = lineOf(place);
    return new StudioError('config_invalid', message + inScript, { path, field, ...(at !== null && { line: at }) });
  });
  throw new ConfigError(located as [StudioError, ...StudioError[]]);

  /** The line of a place, or of the nearest thing around it that the file has. */
  function lineOf(place: readonly string[]): number | null {
    for (let length = place.length; length > 0; length--) {
      const node = document.getIn(place.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new StudioError('config_invalid', `The rule set ${path} ${why}.`, { path }, { cause: error });
  }
}

/** The folder of a reward model, which stands in a file relative to it. */
function withFolder(rule: RewardRule, folder: string): RewardRule {
  if (rule.type !== 'reward_model' || isAbsolute(rule.model)) return rule;
  return { ...rule, model: resolve(folder, rule.model) };
}
