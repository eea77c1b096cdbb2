/** A judge that answers, and judges that die, stall, talk rubbish or flood: a server in this process plays them all. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { judgeRuleSchema } from '../../contract/reward-rules/judge.ts';
import type { ScoredGroup } from '../rule.ts';
import { compileJudge } from './judge-rule.ts';

type Behaviour = (response: ServerResponse, question: string, request: IncomingMessage) => void;

let server: Server;
let url: string;
let asked: { question: string; body: Record<string, unknown> }[];
let behave: Behaviour;
/** Ends the time of the newest request: how fast a machine answers decides nothing here. */
let timeIsUp: () => void;

const say = (response: ServerResponse, content: string) =>
  response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));

beforeEach(async () => {
  asked = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const controller = new AbortController();
    timeIsUp = () => controller.abort();
    return controller.signal;
  });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text);
      asked.push({ question: body.messages[0].content, body });
      behave(response, body.messages[0].content, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
});

afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const group = (...texts: string[]): ScoredGroup => ({
  prompt: 'Name a colour.',
  row: { index: 0, prompt: 'Name a colour.', columns: { answer: 'red', level: 2 } },
  completions: texts.map((text) => ({ text, tokens: [1] })),
});

async function judge(groups: ScoredGroup[], more: object = {}, cacheFolder?: string) {
  const warnings: string[] = [];
  const rule = compileJudge(
    judgeRuleSchema.parse({ name: 'judge', type: 'judge', url, model: 'm', retries: 0, ...more }),
    'rewards.0',
    cacheFolder,
  );
  try {
    const verdicts = await rule.scoreGroups(groups, (message) => warnings.push(message));
    return { verdicts, scores: verdicts.map((one) => one.map((verdict) => verdict.score)), warnings };
  } finally {
    rule.dispose();
  }
}

describe('a judge that answers', () => {
  test('pointwise: a request for each completion, its number on a scale from 0 to 1', async () => {
    behave = (response, question) => say(response, `Hm. {"score": ${question.includes('blue') ? 5 : 10}}`);
    const { verdicts, scores, warnings } = await judge([group('blue', 'red')]);
    expect(scores).toEqual([[0.5, 1]]);
    expect(verdicts[0][0].why).toBe('the judge gave 5 of 0 to 10: "Hm. {\\"score\\": 5}"');
    expect(warnings).toEqual([]);
    expect(asked[0].body).toMatchObject({ model: 'm', temperature: 0, stream: false, max_tokens: 512 });
    expect(asked[0].question).toContain('Name a colour.');
  });

  test.each([
    ['<think>3 or 4? {"score": 3}</think> {"score": 8, "why": "{ and } and \\" {"}', 0.8],
    ['{"result": {"score": 8}, "of": 10}', 0.8],
    [`{"score": 8, "of": 10, "why": "${'}'.repeat(30_000)}"}`, 0.8],
  ])('the last JSON with a score counts: %.60s', async (reply, score) => {
    behave = (response) => say(response, reply);
    expect((await judge([group('a')])).scores).toEqual([[score]]);
  });

  test('a template is filled with the row, and what is filled in is not filled again', async () => {
    behave = (response) => say(response, '7');
    const template = '{prompt}|{completion}|{answer}|{row.level}|{min}-{max}|{"json": 1}';
    const { scores } = await judge([group('{answer}')], { template, min: 5, max: 9 });
    expect(asked[0].question).toBe('Name a colour.|{answer}|red|2|5-9|{"json": 1}');
    expect(scores).toEqual([[0.5]]);
  });

  test('group: one request for all completions; scores or a ranking come back', async () => {
    behave = (response, question) =>
      say(response, question.includes('Answer 1:\nred') ? '{"scores": [10, 0, 5]}' : '{"ranking": [2, 1, 3]}');
    const { scores } = await judge([group('red', 'x', 'blue'), group('y', 'green', 'z')], { mode: 'group' });
    expect(scores).toEqual([
      [1, 0, 0.5],
      [0.5, 1, 0],
    ]);
    expect(asked).toHaveLength(2);
  });

  test('equal requests are asked once, in memory and from a folder', async () => {
    behave = (response) => say(response, '8');
    const folder = await mkdtemp(join(tmpdir(), 'judge-cache-'));
    try {
      expect((await judge([group('a', 'a'), group('a')], {}, folder)).scores).toEqual([[0.8, 0.8], [0.8]]);
      expect((await judge([group('a')], {}, folder)).scores).toEqual([[0.8]]);
      expect(asked).toHaveLength(1);
      expect(await readdir(folder)).toHaveLength(1);
      await judge([group('a')], { cache: false }, folder);
      expect(asked).toHaveLength(2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a cache that cannot be used costs a warning, and no score', async () => {
    behave = (response) => say(response, '8');
    const folder = await mkdtemp(join(tmpdir(), 'judge-cache-'));
    try {
      await writeFile(join(folder, 'file'), '');
      const warned = vi.fn<(message: string, completions?: number) => void>();
      const rule = compileJudge(
        judgeRuleSchema.parse({ name: 'judge', type: 'judge', url, model: 'm', on_failure: 'fail_run' }),
        'rewards.0',
        join(folder, 'file'), // in which no folder can be
      );
      for (const texts of [
        ['a', 'b'],
        ['a', 'c'],
      ]) {
        const [verdicts] = await rule.scoreGroups([group(...texts)], warned);
        expect(verdicts.map(({ score }) => score)).toEqual([0.8, 0.8]);
      }
      rule.dispose();
      expect(asked).toHaveLength(3);
      expect(warned.mock.calls).toEqual([[expect.stringContaining("the judge's cache cannot be used (ENOTDIR"), 0]]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('at most `concurrency` requests are under way', async () => {
    let under: ServerResponse[] = [];
    let most = 0;
    behave = (response) => {
      under.push(response);
      most = Math.max(most, under.length);
      if (under.length < 3 && asked.length < 8) return;
      setTimeout(() => {
        const all = under;
        under = [];
        for (const waiting of all) say(waiting, '1');
      }, 20); // one request too many would arrive meanwhile
    };
    await judge([group(...'abcdefgh')], { concurrency: 3 });
    expect(most).toBe(3);
  });
});

const rubbish: [string, Behaviour, RegExp][] = [
  ['no JSON', (response) => response.end('<html>'), /no chat completion/],
  ['JSON of another kind', (response) => response.end('{"choices":[]}'), /no chat completion/],
  ['content null', (response) => response.end('{"choices":[{"message":{"content":null}}]}'), /no chat completion/],
  ['words', (response) => say(response, 'I cannot judge.'), /holds no score: "I cannot judge."/],
  ['two numbers', (response) => say(response, 'between 3 and 5'), /more than one number/],
  ['a score off the scale', (response) => say(response, '{"score": 11}'), /the score 11, which is not from 0 to 10/],
  ['a score in words', (response) => say(response, '{"score": "ten"}'), /a score that is no number/],
  ['nothing', (response) => say(response, ''), /holds no score/],
  ['status 500', (response) => response.writeHead(500).end('{}'), /replied 500/],
  ['status 404', (response) => response.writeHead(404).end('model not found'), /replied 404/],
  [
    'a redirect elsewhere',
    (response) => response.writeHead(302, { location: 'http://example.com/' }).end(),
    /could not be reached/,
  ],
  ['a cut connection', (response) => response.destroy(), /could not be reached/],
  [
    'half a reply',
    (response) => void (response.writeHead(200, { 'content-length': 100 }).write('{"cho'), response.destroy()),
    /could not be reached/,
  ],
  ['silence', () => timeIsUp(), /did not reply within 20000 ms/],
  [
    'a reply that never ends',
    (response) => void response.write('{', () => timeIsUp()),
    /did not reply within 20000 ms/,
  ],
  ['a flood', (response) => response.end('x'.repeat(3_000_000)), /more than 1 MiB/],
];

describe('a judge that fails', () => {
  test.each(rubbish)('%s: no score, a warning, and the next completion is judged', async (_, misbehave, expected) => {
    behave = (response, question, request) =>
      question.includes('bad') ? misbehave(response, question, request) : say(response, '10');
    const { verdicts, scores, warnings } = await judge([group('good', 'bad', 'fine')], {
      timeout_ms: 20_000,
      concurrency: 1,
    });
    expect(scores).toEqual([[1, null, 1]]);
    expect(verdicts[0][1].why).toMatch(expected);
    expect(warnings).toEqual([verdicts[0][1].why]);
  });

  test.each([
    ['{"scores": [1, 2]}', /holds 2 scores for 3 answers/],
    ['{"scores": [1, 2, "x"]}', /a score that is no number/],
    ['{"ranking": [1, 1, 2]}', /no ranking of the answers 1 to 3/],
    ['{"ranking": [1, 2, 4]}', /no ranking/],
    ['[1, 2, 3]', /no list of scores/],
    ['{{{{{{', /no list of scores/],
  ])('group: %s', async (reply, expected) => {
    behave = (response) => say(response, reply);
    const { verdicts, scores, warnings } = await judge([group('a', 'b', 'c')], { mode: 'group' });
    expect(scores).toEqual([[null, null, null]]);
    expect(verdicts[0][0].why).toMatch(expected);
    expect(warnings).toHaveLength(3);
  });

  test('is asked again as often as `retries` says', async () => {
    behave = (response) => (asked.length < 3 ? response.writeHead(503).end() : say(response, '10'));
    expect((await judge([group('a')], { retries: 2 })).scores).toEqual([[1]]);
    expect(asked).toHaveLength(3);
  });

  test('is given up after some failures in a row, and asked anew in the next step', async () => {
    behave = (response) => response.destroy();
    const rule = compileJudge(
      judgeRuleSchema.parse({ name: 'judge', type: 'judge', url, model: 'm', retries: 0, concurrency: 1 }),
      'rewards.0',
    );
    const warnings: string[] = [];
    const texts = Array.from({ length: 50 }, (_, index) => `answer ${index}`);
    const [verdicts] = await rule.scoreGroups([group(...texts)], (message) => warnings.push(message));
    expect(asked).toHaveLength(3);
    expect(verdicts.every((verdict) => verdict.score === null)).toBe(true);
    expect(warnings).toHaveLength(50);
    expect(verdicts[49].why).toMatch(/was not asked again: 3 requests in a row failed \(it could not be reached/);
    behave = (response) => say(response, '10');
    expect((await rule.scoreGroups([group('a')], () => undefined))[0][0].score).toBe(1);
  });

  test('dies in the middle: what it judged before stays', async () => {
    behave = (response, question) => {
      if (!question.includes('c')) return say(response, '10');
      server.close();
      server.closeAllConnections();
    };
    const template = '{completion}';
    const { scores } = await judge([group('a', 'b', 'c', 'd', 'e')], { template, concurrency: 1 });
    expect(scores).toEqual([[1, 1, null, null, null]]);
  });

  test('policy zero', async () => {
    behave = (response) => response.destroy();
    const { scores, warnings } = await judge([group('a')], { on_failure: 'zero' });
    expect(scores).toEqual([[0]]);
    expect(warnings).toHaveLength(1);
  });

  test('policy fail_run', async () => {
    behave = (response) => response.destroy();
    await expect(judge([group('a')], { on_failure: 'fail_run' })).rejects.toThrow(/on_failure is fail_run/);
  });

  test('a rule that is disposed of waits for nothing', async () => {
    const rule = compileJudge(judgeRuleSchema.parse({ name: 'judge', type: 'judge', url, model: 'm' }), 'rewards.0');
    behave = () => rule.dispose();
    const scored = rule.scoreGroups([group('a')], () => undefined);
    expect((await scored)[0][0]).toEqual({ score: null, why: 'the judge was not waited for' });
  });
});

describe('what a rule may say', () => {
  test.each([
    'http://example.com/v1',
    'https://api.openai.com/v1',
    'http://10.0.0.1:11434/v1',
    'http://0.0.0.0:11434',
    'http://127.0.0.1.example.com/v1',
    'http://localhost.example.com/v1',
    'http://[2001:db8::1]/v1',
    'http://user:secret@127.0.0.1/v1',
    'file:///etc/passwd',
    'nonsense',
  ])('address %s is refused', (address) => {
    const rule = judgeRuleSchema.parse({ name: 'judge', type: 'judge', url: address, model: 'm' });
    expect(() => compileJudge(rule, 'rewards.0')).toThrow(
      expect.objectContaining({ code: 'reward_invalid', where: { field: 'rewards.0.url' } }),
    );
  });

  test.each(['http://localhost:1234/v1', 'http://127.0.0.1:8080', 'http://[::1]:11434/v1/', 'http://127.1/v1'])(
    'address %s is allowed',
    (address) => {
      const rule = judgeRuleSchema.parse({ name: 'judge', type: 'judge', url: address, model: 'm' });
      expect(() => compileJudge(rule, 'rewards.0')).not.toThrow();
    },
  );

  test.each([
    [{ template: '{completion} {nonsense}' }, /names \{nonsense\}/, 'template'],
    [{ template: 'no place' }, /does not contain \{completion\}/, 'template'],
    [{ template: '{completion}', mode: 'group' }, /names \{completion\}/, 'template'],
    [{ min: 3, max: 3 }, /max must be greater/, 'max'],
  ])('%j is refused', (more, message, field) => {
    const rule = judgeRuleSchema.parse({ name: 'judge', type: 'judge', model: 'm', ...more });
    const failure = () => compileJudge(rule, 'rewards.0');
    expect(failure).toThrow(message);
    expect(failure).toThrow(expect.objectContaining({ where: { field: `rewards.0.${field}` } }));
  });
});
