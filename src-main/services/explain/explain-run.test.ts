import { afterEach, describe, expect, test } from 'vitest';
import type { RunConfig } from '../../contract/config.ts';
import { grpoRun, newRun, rewardModelRun, sftRun } from '../../store/fixtures/records.ts';
import type { Store } from '../../store/interfaces.ts';
import { openStore } from '../../store/open.ts';
import { explainRun } from './explain-run.ts';
import { completion, group, record, runId, type Recording } from './fixtures/recorded-run.ts';
import type { GrpoStepExplanation, SupervisedStepExplanation } from './types.ts';

let store: Store | null = null;

afterEach(() => store?.close());

const onPolicy = { 'ratio/min': 1, 'ratio/max': 1, grad_norm: 0.5 };

const right = completion('right', { advantage: 1 });
const wrong = completion('wrong', { exact: 0, advantage: -1 });

async function explain(recording: Partial<Recording>, step?: number): Promise<GrpoStepExplanation> {
  store = record({ steps: 1, metrics: () => onPolicy, groups: [group(3, [right, wrong])], ...recording });
  const explanation = await explainRun(store.reader, 'recorded', step);
  return explanation.step as GrpoStepExplanation;
}

const zeroLoss = { ...onPolicy, loss: 0, 'loss/policy': 0, 'loss/kl': 0, kl: 0 };

describe('the loss', () => {
  test('of the first step is zero, and the slope is not', async () => {
    const { loss } = await explain({ metrics: () => zeroLoss });
    expect(loss.terms).toEqual([
      { name: 'policy term', value: 0, note: 'minus the mean advantage, since every ratio is 1' },
      { name: 'KL term', value: 0, note: 'beta 0.04 × 0, the mean KL of the completions' },
      { name: 'loss', value: 0, note: 'their sum' },
    ]);
    expect(loss.sentences.join(' ')).toContain('That is why the loss starts at zero.');
    expect(loss.sentences.join(' ')).toContain(
      "the slope is not zero: the gradient's norm (its length, over all weights) was 0.5",
    );
  });

  test('of a later step is beta × the mean KL of the completions, which need not be the metric kl', async () => {
    // k3 with π_ref/π = 2 is 2 − 1 − log 2; one completion has one token of it in two, the other none in one.
    const drifted = completion('drifted', {
      referenceLogps: Float32Array.of(-1 + Math.log(2), -1),
      advantage: 1,
      coefficients: Float32Array.of(1 + 0.04, 1),
    });
    const short = completion('short', {
      tokens: Int32Array.of(7),
      advantage: -1,
      coefficients: Float32Array.of(-1),
      ...Object.fromEntries(
        ['samplingLogps', 'oldLogps', 'referenceLogps', 'policyLogps', 'entropies'].map((name) => [
          name,
          Float32Array.of(-1),
        ]),
      ),
    });
    const kl = 1 - Math.log(2);
    const metrics = (step: number) =>
      step === 1
        ? zeroLoss
        : { ...onPolicy, loss: 0.04 * (kl / 4), 'loss/policy': 0, 'loss/kl': 0.04 * (kl / 4), kl: kl / 3 };
    const { loss } = await explain({ steps: 2, metrics, groups: [group(1, [drifted, short])] });
    expect(loss.meanSequenceKl).toBeCloseTo(kl / 4, 6);
    expect(loss.firstLoss).toBe(0);
    expect(loss.terms[1].note).toBe('beta 0.04 × 0.0767, the mean KL of the completions');
    // The push of KL is 0.04 × (2 − 1) on one of three tokens, that of the advantages 1 on each.
    expect(loss.meanPush.kl).toBeCloseTo(0.04 / 3, 6);
    expect(loss.meanPush.advantage).toBeCloseTo(1, 6);
    const text = loss.sentences.join(' ');
    expect(text).toContain('The loss started at zero, because in step 1');
    expect(text).toContain('The metric kl, 0.102, is another mean');
    expect(text).toContain('Of the push on an average token 1.3% comes from it.');
    expect(text).not.toContain('not just beta');
  });

  test('with other weights is not called what it is not', async () => {
    const { loss } = await explain({
      run: grpoRun({ loss_type: 'dapo' }),
      metrics: () => ({ ...onPolicy, loss: 0.3, 'loss/policy': 0.2, 'loss/kl': 0.1 }),
    });
    expect(loss.terms.map(({ note }) => note)).toEqual(['', '', 'their sum']);
    expect(loss.sentences[0]).toContain('this loss (loss_type dapo, masks) does not weigh all completions alike');
    expect(loss.sentences.join(' ')).toContain('The KL term is not just beta × this mean (0)');
  });

  test('with an entropy bonus names it, and does not claim to stay at zero', async () => {
    const { loss } = await explain({ metrics: () => ({ ...zeroLoss, loss: -0.01, 'loss/entropy': -0.01 }) });
    expect(loss.terms[2]).toMatchObject({ name: 'entropy term', value: -0.01 });
    expect(loss.sentences.join(' ')).not.toContain('starts at zero');
  });

  test('without a reference, with a clipped gradient', async () => {
    const bare = (text: string, advantage: number) => completion(text, { advantage, referenceLogps: null });
    const { loss } = await explain({
      run: grpoRun({ beta: 0 }),
      metrics: () => ({ ...onPolicy, loss: 0, 'loss/policy': 0, grad_norm: 4 }),
      groups: [group(1, [bare('a', 1), bare('b', -1)])],
    });
    expect(loss.meanSequenceKl).toBeNull();
    expect(loss.sentences.join(' ')).toMatch(
      /the loss stays at zero.*was 4 and was scaled down to max_grad_norm \(1\).*beta is 0/,
    );
  });

  test('of a step without any advantage learned nothing from the rewards', async () => {
    const { loss, tokens } = await explain({
      metrics: () => zeroLoss,
      groups: [group(1, [completion('a'), completion('b')])],
    });
    expect(loss.sentences.join(' ')).toContain('it learned nothing from the rewards');
    expect(tokens).toEqual({ pushes: [], sentences: ['No token is pushed: all gradient coefficients are zero.'] });
  });

  test('that was not recorded', async () => {
    const { loss } = await explain({ metrics: () => ({ reward: 1 }) });
    expect(loss.terms).toEqual([]);
    expect(loss.sentences[0]).toBe('The run did not record the terms of its loss.');
  });
});

describe('the ratio', () => {
  test('is 1 in the only update', async () => {
    const { ratio } = await explain({});
    expect(ratio).toMatchObject({ min: 1, max: 1, largestLogDifference: 0 });
    expect(ratio.sentences[1]).toContain('It was 1 in the only update of this step');
  });

  test('leaves 1 after the first of several updates', async () => {
    const moved = completion('moved', {
      advantage: 1,
      policyLogps: Float32Array.of(-0.75, -1),
      referenceLogps: Float32Array.of(-0.75, -1),
      coefficients: Float32Array.of(0.5, 1.5),
    });
    const { ratio, loss, tokens } = await explain({
      run: grpoRun({ num_iterations: 2 }),
      metrics: () => ({ ...zeroLoss, 'ratio/max': 1.3, 'clip_ratio/region_mean': 0.25 }),
      groups: [group(1, [moved, wrong])],
    });
    expect(ratio.largestLogDifference).toBeCloseTo(0.25);
    expect(ratio.sentences.slice(1).join(' ')).toBe(
      'The first of the 2 updates has ratio 1, as the policy has not moved yet; over all of them it left 1 (smallest 1, largest 1.3). In the last pass the log-probs of the two differ by 0.25 at most. Clipping (epsilon 0.2) stopped the push on 25% of the tokens.',
    );
    expect(loss.sentences[0]).toContain('This step made 2 updates from the same samples.');
    // As recorded, whatever the clip rule of the loss makes of the ratios.
    expect(tokens.pushes[0]).toMatchObject({ position: 1, coefficient: 1.5, fromAdvantage: 1.5, fromKl: 0 });
    expect(tokens.sentences[1]).toContain('the last of several updates');
  });
});

describe('advantages', () => {
  test('sum to zero in each group', async () => {
    const { advantages } = await explain({});
    expect(advantages).toMatchObject({ largestSum: 0, unbalancedGroups: 0 });
    expect(advantages.sentences[1]).toBe('They sum to zero in every group: the largest |sum| is 0.');
  });

  test('that do not sum to zero are told of, with their group', async () => {
    const { advantages } = await explain({ groups: [group(3, [right, wrong]), group(9, [right, right])] });
    expect(advantages).toMatchObject({ largestSum: 2, largestSumRow: 9, unbalancedGroups: 1 });
    expect(advantages.sentences[1]).toContain(
      'In 1 of 2 groups they do not sum to zero; the largest |sum| is 2, in the group of dataset row 9.',
    );
  });

  test('of tokens need not sum to zero, and it says why', async () => {
    const groups = [group(9, [right, right])];
    const { advantages } = await explain({ groups, run: grpoRun({ process_supervision: ',' }) });
    expect(advantages.sentences[1]).toMatch(/each credited with the steps it leads to \(process_supervision\)\.$/);
  });
});

test('groups are told apart by the first rule, and equal rewards are counted', async () => {
  const unjudged = completion('?', { exact: null });
  const { groups } = await explain({
    groups: [
      group(1, [completion('a'), completion('b')]),
      group(2, [completion('a', { exact: 0 }), completion('b', { exact: 0 })]),
      group(3, [right, wrong]),
      group(4, [unjudged, unjudged]),
      group(5, [completion('a', { reward: 1.2 }), completion('b', { reward: 1 })]),
    ],
  });
  expect(groups).toMatchObject({
    groups: 5,
    rule: 'exact',
    allRight: 2,
    allWrong: 1,
    mixed: 1,
    unjudged: 1,
    zeroVariance: 3,
  });
  expect(groups.sentences[0]).toContain('of 5 groups: 2 all right, 1 all wrong, 1 mixed and 1 without a verdict.');
  expect(groups.sentences[1]).toContain('In 3 groups all rewards are equal: their advantages are 0');
});

test('groups of equal rewards may have advantages all the same, and dropped ones are told of', async () => {
  const even = completion('even', { advantage: 0.5 });
  const { groups } = await explain({ metrics: () => ({ 'groups/dropped': 3 }), groups: [group(1, [even, even])] });
  expect(groups.sentences.slice(1)).toEqual([
    'In every group all rewards are equal.',
    'Before that 3 groups without differences had been dropped, and other prompts sampled instead (dynamic_sampling).',
  ]);
});

test('replayed groups are told of, and no ratio of 1 is claimed for them', async () => {
  const even = completion('even', { policyLogps: Float32Array.of(-0.5, -2), oldLogps: Float32Array.of(-0.9, -1) });
  const { groups, loss, ratio } = await explain({
    run: grpoRun({ num_iterations: 2 }),
    metrics: () => ({ 'groups/replayed': 1, 'ratio/min': 0.4, 'ratio/max': 1.5, 'loss/policy': 0.1, loss: 0.1 }),
    groups: [group(1, [even, even])],
  });
  expect(groups.sentences.at(-1)).toBe(
    '1 group of these had been sampled in earlier steps and took the place of as many without differences (replay_groups).',
  );
  expect([...loss.sentences, ...ratio.sentences].join(' ')).not.toMatch(/first (one|of)/);
  expect(ratio.sentences[1]).toContain('a replayed group');
});

test('tokens pushed most: one of each completion, the unlikeliest among equals, up and down', async () => {
  const unsure = completion('unsure', {
    advantage: 2,
    policyLogps: Float32Array.of(-0.5, -2),
    oldLogps: Float32Array.of(-0.5, -2),
  });
  const { tokens } = await explain({
    run: grpoRun({ beta: 0.5 }),
    groups: [
      group(3, [
        { ...unsure, referenceLogps: Float32Array.of(-0.5, -2) },
        { ...unsure, coefficients: Float32Array.of(2 + 0.5 * Math.expm1(-0.5), 2 + 0.5 * Math.expm1(1)) },
        right,
        wrong,
        wrong,
      ]),
    ],
  });
  expect(tokens.pushes.map(({ coefficient }) => coefficient)).toHaveLength(3);
  const [first, , last] = tokens.pushes;
  // The later of the completions with the same text stands for both: the pull of KL is 0.5 × (e^(−1 + 2) − 1).
  expect(first).toMatchObject({ token: 8, position: 1, row: 3, text: null, before: null });
  expect(first.fromKl).toBeCloseTo(0.5 * (Math.E - 1));
  expect(first.fromAdvantage).toBeCloseTo(2);
  expect(first.probability).toBeCloseTo(Math.exp(-2));
  expect(last).toMatchObject({ coefficient: -1, token: 7 });
  expect(tokens.sentences.at(-1)).toBe(
    'Tokens are shown by their ids: the tokenizer in models/tiny is not there any more.',
  );
});

test('a completion left out of the loss has no push, of the KL term neither', async () => {
  const truncated = completion('cut', {
    finishReason: 'length',
    advantage: 1,
    referenceLogps: Float32Array.of(-2, -2),
    coefficients: Float32Array.of(0, 0),
  });
  const { loss } = await explain({
    run: grpoRun({ mask_truncated_completions: true }),
    groups: [group(1, [truncated])],
  });
  expect(loss.meanPush).toEqual({ advantage: 0, kl: 0 });
});

test('among equal pushes the unlikeliest tokens are shown, within a completion and between them', async () => {
  const sure = (text: string, logp: number) => {
    const logps = Float32Array.of(0, logp);
    return completion(text, { advantage: 1, policyLogps: logps, oldLogps: logps, referenceLogps: logps });
  };
  const completions = [sure('a', -1), sure('b', -3), sure('c', -2), sure('d', -4)];
  const { tokens } = await explain({ groups: [group(1, completions)] });
  expect(tokens.pushes.map(({ completion, position }) => [completion, position])).toEqual([
    [3, 1],
    [1, 1],
    [2, 1],
  ]);
});

test('a run of an earlier version is explained with the defaults of later settings', async () => {
  const run = grpoRun();
  const { steps_per_generation: _, kl_estimator: __, ...config } = run.config as Record<string, unknown>;
  const { ratio } = await explain({ run: { type: 'grpo', config } as unknown as RunConfig });
  expect(ratio.sentences[1]).toContain('in the only update');
});

test('supervised fine-tuning has a loss that should fall', async () => {
  store = record({ run: sftRun(), steps: 2, metrics: (step) => ({ loss: 2 / step, grad_norm: 3 }) });
  const { step } = await explainRun(store.reader, runId);
  expect(step).toEqual({
    type: 'sft',
    step: 2,
    loss: 1,
    firstLoss: 2,
    gradientNorm: 3,
    sentences: [
      'The loss is 1, the mean of −log(probability) over the tokens of the given completions: the model gives the right next token a probability of 36.8% (geometric mean).',
      'In step 1 it was 2. Unlike the loss of GRPO it should fall.',
      "The gradient's norm (its length, over all weights) was 3, scaled down to max_grad_norm (1).",
    ],
  });
});

test('a reward model is judged by the order of its pairs, or by its distance to given scores', async () => {
  const sentence = async (metrics: Record<string, number>) => {
    store = record({ run: rewardModelRun(), steps: 1, metrics: () => metrics });
    return ((await explainRun(store.reader, runId)).step as SupervisedStepExplanation).sentences[0];
  };
  expect(await sentence({ loss: 0.5, accuracy: 0.75 })).toContain('75% of the pairs in the right order');
  expect(await sentence({ loss: 0.5 })).toContain('the mean squared difference between the scores');
});

test('a step that is not there, and a run without any', async () => {
  store = record({ steps: 2, metrics: () => onPolicy });
  await expect(explainRun(store.reader, runId, 3)).rejects.toMatchObject({
    code: 'config_invalid',
    message: `Run ${runId} has no step 3: they end at 2.`,
  });
  const empty = openStore(':memory:');
  empty.writer.createRun(newRun('new'));
  await expect(explainRun(empty.reader, 'new')).rejects.toMatchObject({ code: 'run_state' });
  empty.close();
});
