import { expect, test } from 'vitest';
import {
  cutMiddle,
  formatBytes,
  formatCount,
  formatFixed,
  formatInteger,
  formatNumber,
  formatSeconds,
  formatSize,
} from './format.ts';

test('a number of any size is short and has a real minus sign', () => {
  const numbers = [0, 0.67656250000002, -0.5, 12_480.4, 1e-6, -1.730245721004442e-14, 3];
  expect(numbers.map(formatNumber)).toEqual(['0', '0.6766', '−0.5', '12,480', '1.0e−6', '−1.7e−14', '3']);
});

test('thousands are divided and signs are real in every form of a number', () => {
  const forms = [formatNumber, formatInteger, formatFixed];
  expect(forms.map((form) => form(-4321.4))).toEqual(['−4,321', '−4,321', '−4,321.40']);
  expect([0.716, -0.333, -0.001, 1234.5].map((value) => formatFixed(value))).toEqual([
    '0.72',
    '−0.33',
    '0.00',
    '1,234.50',
  ]);
});

test('one is one, and many are many', () => {
  expect([0, 1, 1204].map((count) => formatCount(count, 'token'))).toEqual(['0 tokens', '1 token', '1,204 tokens']);
});

test('bytes are counted in thousands', () => {
  expect([0, 999, 16_305_536, 763_834_368, 1.4e9].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '16.3 MB',
    '764 MB',
    '1.4 GB',
  ]);
});

test('seconds become minutes when there are many', () => {
  expect([0.5255, 3.0469, 48.2, 185].map(formatSeconds)).toEqual(['0.53 s', '3 s', '48 s', '3 min 05 s']);
});

test('models are named by their size in three digits', () => {
  expect([960, 3_276, 1_017_856, 134_515_008, 1_543_714_304].map(formatSize)).toEqual([
    '960',
    '3.3 k',
    '1.0 M',
    '135 M',
    '1.5 B',
  ]);
});

test('a long name keeps its beginning and its end', () => {
  expect(['short', 'exactly ten', 'gsm8k-beta-0.04-seed-3'].map((name) => cutMiddle(name, 11))).toEqual([
    'short',
    'exactly ten',
    'gsm8k…eed-3',
  ]);
});
