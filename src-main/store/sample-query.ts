/** Says in SQL which samples a filter means. Groups stand as `g`, completions as `c`. */
import type { SampleFilter } from '../contract/api/samples.ts';
import { wordsOfRun } from './run-words.ts';

/** Conditions joined by AND; empty when everything is meant. Their parameters are named. */
interface Conditions {
  ofGroup: string;
  ofCompletion: string;
  parameters: Record<string, string | number>;
}

export function sampleConditions(runId: string, filter: SampleFilter): Conditions {
  const parameters: Record<string, string | number> = {};
  const ofGroup: string[] = [];
  const ofCompletion: string[] = [];
  const add = (conditions: string[], sql: string, name: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    parameters[name] = value;
  };
  add(ofGroup, 'g.step >= @stepFrom', 'stepFrom', filter.stepFrom);
  add(ofGroup, 'g.step <= @stepTo', 'stepTo', filter.stepTo);
  add(ofGroup, 'g.dataset_row = @row', 'row', filter.row);
  add(ofGroup, 'instr(lower(g.prompt), lower(@prompt)) > 0', 'prompt', filter.prompt);
  if (filter.variance !== undefined) {
    const equal = '(SELECT min(reward) = max(reward) FROM completions WHERE group_id = g.id)';
    ofGroup.push(filter.variance === 'zero' ? equal : `NOT ${equal}`);
  }
  add(ofCompletion, 'c.reward >= @rewardMin', 'rewardMin', filter.rewardMin);
  add(ofCompletion, 'c.reward <= @rewardMax', 'rewardMax', filter.rewardMax);
  add(ofCompletion, 'c.finish_reason = @finishReason', 'finishReason', filter.finishReason);
  if (filter.bookmarked !== undefined) {
    const not = filter.bookmarked ? '' : 'NOT ';
    ofCompletion.push(`${not}EXISTS (SELECT 1 FROM bookmarks WHERE completion_id = c.id)`);
  }
  if (filter.rule !== undefined && (filter.scoreMin !== undefined || filter.scoreMax !== undefined)) {
    const bounds: string[] = [];
    parameters['rule'] = filter.rule;
    add(bounds, 'AND score >= @scoreMin', 'scoreMin', filter.scoreMin);
    add(bounds, 'AND score <= @scoreMax', 'scoreMax', filter.scoreMax);
    ofCompletion.push(
      `EXISTS (SELECT 1 FROM rule_scores WHERE completion_id = c.id AND rule = @rule ${bounds.join(' ')})`,
    );
  }
  if (filter.text !== undefined) addWords(runId, filter.text, ofCompletion, parameters);
  return { ofGroup: ofGroup.join(' AND '), ofCompletion: ofCompletion.join(' AND '), parameters };
}

/**
 * Words are found through the index. It knows letters and digits only: parts with other signs, such as `</think>`, are looked for in the
 * texts that the index leaves over.
 */
function addWords(
  runId: string,
  text: string,
  conditions: string[],
  parameters: Record<string, string | number>,
): void {
  const parts = [...text.matchAll(/"([^"]+)"|[^\s"]+/g)].map(([part, phrase]) => phrase ?? part);
  const indexed = parts.filter((part) => /[\p{L}\p{N}]/u.test(part));
  if (indexed.length > 0) {
    const open = parts.at(-1) === indexed.at(-1) && !/["\s]$/.test(text); // still being typed: its last word may be a beginning
    parameters['words'] = indexed.map((part) => `"${wordsOfRun(runId, part)}"`).join(' ') + (open ? '*' : '');
    conditions.push('c.id IN (SELECT rowid FROM completion_words WHERE completion_words MATCH @words)');
  }
  parts
    .filter((part) => /[^\p{L}\p{N}\s]/u.test(part))
    .forEach((part, place) => {
      conditions.push(`instr(lower(c.text), lower(@part${place})) > 0`);
      parameters[`part${place}`] = part;
    });
}
