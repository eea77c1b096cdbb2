/** The filter as the address carries it, so that a view can be linked to and comes back with the Back button. Pure. */
import { sampleFilterSchema, type SampleFilter } from '../../../src-main/contract/api/samples.ts';

/** What the address calls each field. */
const names: Record<keyof SampleFilter, string> = {
  stepFrom: 'from',
  stepTo: 'to',
  row: 'row',
  prompt: 'prompt',
  rewardMin: 'reward-min',
  rewardMax: 'reward-max',
  rule: 'rule',
  scoreMin: 'score-min',
  scoreMax: 'score-max',
  finishReason: 'finish',
  variance: 'variance',
  text: 'text',
  bookmarked: 'marked',
};

const numeric: (keyof SampleFilter)[] = ['stepFrom', 'stepTo', 'row', 'rewardMin', 'rewardMax', 'scoreMin', 'scoreMax'];

/** `step` stands for a single step. What makes no sense in an address is left out. */
export function filterOf(query: URLSearchParams): SampleFilter {
  const filter: Record<string, unknown> = {};
  const step = query.get('step');
  if (step !== null) filter['stepFrom'] = filter['stepTo'] = Number(step);
  for (const [field, name] of Object.entries(names) as [keyof SampleFilter, string][]) {
    const value = query.get(name);
    if (value === null || value === '') continue;
    filter[field] = numeric.includes(field) ? Number(value) : field === 'bookmarked' ? value === 'yes' : value;
  }
  const sound = Object.entries(filter).filter(
    ([field, value]) => sampleFilterSchema.safeParse({ [field]: value }).success,
  );
  return Object.fromEntries(sound);
}

/** Changes of the address that bring the filter into it. */
export function queryOf(filter: SampleFilter): Record<string, string | null> {
  const single = filter.stepFrom !== undefined && filter.stepFrom === filter.stepTo;
  const changes: Record<string, string | null> = { step: single ? String(filter.stepFrom) : null };
  for (const [field, name] of Object.entries(names) as [keyof SampleFilter, string][]) {
    const value = filter[field];
    const omitted = value === undefined || value === '' || (single && (field === 'stepFrom' || field === 'stepTo'));
    changes[name] = omitted ? null : value === true ? 'yes' : value === false ? 'no' : String(value);
  }
  return changes;
}

/** How many things the filter asks for; a range is one. */
export function countOf(filter: SampleFilter): number {
  const { stepFrom, stepTo, rewardMin, rewardMax, rule, scoreMin, scoreMax, ...single } = filter;
  const ranges = [
    [stepFrom, stepTo],
    [rewardMin, rewardMax],
    [rule === undefined ? undefined : scoreMin, rule === undefined ? undefined : scoreMax],
  ];
  return (
    ranges.filter((range) => range.some((value) => value !== undefined)).length +
    Object.values(single).filter((value) => value !== undefined).length
  );
}
