/** Finds a rule set by what a person calls it: a preset, a saved name with or without a version, or a run. */
import type { RewardSet } from '../../contract/api/rewards.ts';
import { StudioError } from '../../contract/errors.ts';
import { rewardPresets, rulesOfPreset, type RewardPresetName } from '../../rewards/presets.ts';
import { closest } from '../../store/closest.ts';
import type { RewardSetVersion, StoreReader } from '../../store/interfaces.ts';

/**
 * @param name a preset; `name` or `name@` with a version (`3`) or the beginning of its hash, which win over a preset of the same name;
 *   else a run, as `StoreReader.resolveRun` takes it
 * @throws StudioError reward_invalid when there is no such set
 */
export function findRewardSet(reader: StoreReader, name: string): RewardSet {
  const [saved, version] = splitVersion(name);
  const versions = reader.rewardSetHistory(saved);
  if (versions.length > 0) return savedSet(reader, chooseVersion(versions, version, name));
  if (isPreset(name)) return { label: name, origin: 'preset', hash: null, rules: rulesOfPreset(name) };
  return setOfRun(reader, name);
}

/** The versions saved under a name, newest first. @throws StudioError reward_invalid when there is none */
export function requireHistory(reader: StoreReader, name: string): RewardSetVersion[] {
  const versions = reader.rewardSetHistory(name);
  if (versions.length > 0) return versions;
  throw unknownSet(reader, name);
}

function isPreset(name: string): name is RewardPresetName {
  return Object.hasOwn(rewardPresets, name);
}

function splitVersion(name: string): [name: string, version: string | null] {
  const at = name.lastIndexOf('@');
  return at < 1 ? [name, null] : [name.slice(0, at), name.slice(at + 1)];
}

function chooseVersion(versions: readonly RewardSetVersion[], wanted: string | null, name: string): RewardSetVersion {
  if (wanted === null) return versions[0];
  const byNumber = versions.find(({ version }) => String(version) === wanted);
  const byHash = wanted === '' ? [] : versions.filter(({ hash }) => hash.startsWith(wanted.toLowerCase()));
  const found = byNumber ?? byHash[0];
  if (found !== undefined) return found;
  const list = versions.map(({ version, hash }) => `${version} (${hash.slice(0, 8)})`).join(', ');
  throw new StudioError('reward_invalid', `There is no ${name}. Its versions: ${list}.`, { field: 'set' });
}

function savedSet(reader: StoreReader, { name, version, hash }: RewardSetVersion): RewardSet {
  const rules = reader.readRewardSet(hash);
  if (rules === null) throw new StudioError('store_failed', `The rules of ${name}@${version} are not in the database.`);
  return { label: `${name}@${version}`, origin: 'saved', hash, rules };
}

function setOfRun(reader: StoreReader, name: string): RewardSet {
  let run;
  try {
    run = reader.resolveRun(name);
  } catch (error) {
    if (error instanceof StudioError && error.code === 'run_not_found') throw unknownSet(reader, name);
    throw error;
  }
  const rules = reader.readRewardSet(run.rewardHash);
  if (rules === null || rules.length === 0)
    throw new StudioError('reward_invalid', `Run ${run.id} has no reward rules.`, { field: 'set' });
  return { label: run.id, origin: 'run', hash: run.rewardHash, rules };
}

function unknownSet(reader: StoreReader, name: string): StudioError {
  const known = [...Object.keys(rewardPresets), ...reader.listRewardSets().map((set) => set.name)];
  const [nearest] = closest(name, known);
  const hint =
    nearest === undefined ? 'It is neither a preset, nor a saved set, nor a run.' : `Did you mean ${nearest}?`;
  return new StudioError('reward_invalid', `There is no rule set ${name}. ${hint}`, { field: 'set' });
}
