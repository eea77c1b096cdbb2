/** Rule sets as YAML files and back, in the form that config files have them. */
import { stringify } from 'yaml';
import type { Endpoints } from '../../contract/api.ts';
import type { RewardFileOutputs } from '../../contract/api/reward-files.ts';
import { StudioError } from '../../contract/errors.ts';
import { readConfigText } from '../config/config-source.ts';

export function rewardFileEndpoints(): Endpoints<keyof RewardFileOutputs> {
  return { 'rules-to-yaml': toYaml, 'yaml-to-rules': fromYaml };
}

function toYaml({ name, rules }: { name: string; rules: unknown[] }): string {
  const title = name.replace(/\s+/g, ' ').trim();
  return `# Reward rules: ${title || 'without a name'}\n${stringify({ rewards: rules }, { lineWidth: 120 })}`;
}

function fromYaml({ text }: { text: string }): unknown[] {
  const { rewards } = readRewards(text);
  if (Array.isArray(rewards)) return rewards as unknown[];
  throw new StudioError('reward_invalid', 'The file has no list of rules: it must have one under `rewards:`.');
}

function readRewards(text: string): Record<string, unknown> {
  try {
    return readConfigText(text).values;
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const { line } = error.where;
    const place = line === undefined ? '' : ` (line ${line})`;
    throw new StudioError('reward_invalid', `${error.message}${place}`, error.where, { cause: error });
  }
}
