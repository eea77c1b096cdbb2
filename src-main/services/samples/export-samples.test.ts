import { expect, test } from 'vitest';
import type { ExportedCompletion } from '../../store/sample-interfaces.ts';
import { exportHead, exportLine } from './export-samples.ts';

const sample: ExportedCompletion = {
  step: 2,
  group: 0,
  row: 7,
  position: 1,
  prompt: 'Say "hi",\nplease',
  text: 'hi',
  reward: null,
  advantage: -0.5,
  finishReason: 'eos',
  tokens: 2,
  scores: [{ rule: 'polite', score: 1, why: 'It says hi.', spans: [{ start: 0, end: 2 }] }],
  bookmark: { note: 'nice' },
};

test('CSV has a column for each rule and quotes what needs it', () => {
  const rules = ['short', 'polite'];
  expect(exportHead('csv', rules)).toBe(
    'step,group,row,position,prompt,completion,reward,advantage,finish_reason,tokens,rule:short,rule:polite,note\r\n',
  );
  expect(exportLine('csv', rules, sample)).toBe('2,0,7,1,"Say ""hi"",\nplease",hi,,-0.5,eos,2,,1,nice\r\n');
});

test('a JSON line has everything', () => {
  expect(exportHead('jsonl', [])).toBe('');
  const line = exportLine('jsonl', [], sample);
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({
    ...{ step: 2, group: 0, row: 7, position: 1, prompt: 'Say "hi",\nplease', completion: 'hi', reward: null },
    ...{ advantage: -0.5, finish_reason: 'eos', tokens: 2, scores: sample.scores, bookmark: { note: 'nice' } },
  });
});
