/** What a model's card says, in words. */
import type { ModelCard, ModelFacts } from '../../../src-main/contract/models.ts';
import { formatInteger } from '../../lib/format.ts';

export const kindNames: Record<ModelFacts['kind'], string> = {
  language_model: 'Language model',
  reward_model: 'Reward model',
  adapter: 'LoRA adapter',
};

/** Where it came from: a folder, or an id on the Hub with the commit. */
export function originOf({ origin, linked }: ModelCard): string {
  if (origin.revision !== null) return `${origin.source} at ${origin.revision.slice(0, 7)}`;
  return linked ? `used where it lies: ${origin.source}` : origin.source;
}

/** What removing it takes along, and what it leaves. */
export function removal({ linked, usedBy }: ModelCard, size: string): string {
  const files = linked
    ? 'Only its entry goes: the folder that it links to stays as it is.'
    : `Its files are deleted from this disk, which frees ${size}.`;
  const { runs } = usedBy;
  if (runs.length === 0) return `${files} No run began from it.`;
  const who = runs.length === 1 ? `The run ${runs[0].name}` : `${formatInteger(runs.length)} runs`;
  const what = linked
    ? ''
    : ` What ${runs.length === 1 ? 'it' : 'they'} recorded stays, but to resume needs the model.`;
  return `${files} ${who} began from it.${what}`;
}
