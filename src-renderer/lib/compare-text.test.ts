import { expect, test } from 'vitest';
import { curvesToCsv, searchSettings, settingRows, toMarkdownTable, toTextTable } from './compare-text.ts';

const settings = [
  { section: 'settings' as const, field: 'beta', values: ['0', '0.04'], differs: true },
  { section: 'rewards' as const, field: 'shape.pattern', values: ['a|b', null], differs: true },
];
const { heads, rows } = settingRows(settings, ['one', 'two']);

test('a table as Markdown and as text', () => {
  expect(toMarkdownTable(heads, rows)).toBe(
    [
      '| setting | one | two |',
      '| --- | --- | --- |',
      '| beta | 0 | 0.04 |',
      '| reward shape.pattern | a\\|b | – |',
    ].join('\n'),
  );
  expect(toTextTable(heads, rows)).toBe(
    ['setting               one  two', 'beta                  0    0.04', 'reward shape.pattern  a|b  –'].join('\n'),
  );
});

test('search takes every word, in names and values', () => {
  const found = (search: string) => searchSettings(settings, search).map(({ field }) => field);
  expect(found('')).toHaveLength(2);
  expect(found('BETA 0.04')).toEqual(['beta']);
  expect(found('a|b')).toEqual(['shape.pattern']);
  expect(found('beta pattern')).toEqual([]);
});

test('CSV quotes what needs it, and is no formula', () => {
  const curve = { x: [100, 200], steps: [1, 2], y: [0.5, -1] };
  const named = [{ run: 'r1', label: '=A1, "best"', metric: 'kl', curve }];
  expect(curvesToCsv(named, 'tokens')).toBe(
    'run,name,metric,step,tokens,value\r\nr1,"\'=A1, ""best""",kl,1,100,0.5\r\nr1,"\'=A1, ""best""",kl,2,200,-1\r\n',
  );
  expect(curvesToCsv(named, 'step').split('\r\n')[0]).toBe('run,name,metric,step,value');
});
