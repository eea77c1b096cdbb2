/** The sets that come with the studio, by where they are from. */
import type { RewardPresetInfo } from '../../../src-main/contract/api/rewards.ts';

const origins = [
  { prefix: 'trl.', title: 'Reward functions of TRL' },
  { prefix: 'open_r1.', title: 'Reward functions of open-r1' },
];

export interface PresetGroup {
  title: string;
  presets: (RewardPresetInfo & {
    /** Without where it is from. */
    shortName: string;
  })[];
}

export function presetGroups(presets: readonly RewardPresetInfo[]): PresetGroup[] {
  const isOwn = ({ name }: RewardPresetInfo) => origins.every(({ prefix }) => !name.startsWith(prefix));
  const own = presets.filter(isOwn).map((preset) => ({ ...preset, shortName: titleOf(preset.name) }));
  const others = origins.map(({ prefix, title }) => ({
    title,
    presets: presets
      .filter(({ name }) => name.startsWith(prefix))
      .map((preset) => ({ ...preset, shortName: preset.name.slice(prefix.length) })),
  }));
  return [{ title: 'For common tasks', presets: own }, ...others].filter(({ presets: members }) => members.length > 0);
}

/** `reverse_text` → `Reverse text`. */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ').replace('gsm8k', 'GSM8K').replace('json', 'JSON');
  return words[0].toUpperCase() + words.slice(1);
}
