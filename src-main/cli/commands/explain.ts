/** `grpo-studio explain`: what a step of a run did, in plain words, and what looks wrong with the run. */
import type { Command } from 'commander';
import { explainRun } from '../../services/explain/explain-run.ts';
import type { GrpoStepExplanation, RunExplanation, TokenPush } from '../../services/explain/types.ts';
import { formatNumber, formatTable, indent, oneLine } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { CommandContext } from '../command-context.ts';
import type { Output } from '../output.ts';
import { wholeNumber } from './runs.ts';

/** Columns of running text at most; longer lines are hard to read. */
const textWidth = 100;

/** A number smaller than this is zero but for rounding. */
const rounding = 1e-9;

const help = `
Examples:
  grpo-studio explain my-run             the newest step
  grpo-studio explain 20261122-1748 1    why the loss starts at zero
  grpo-studio explain my-run --json | jq .warnings

RUN is an id, the beginning of one, or a name. Everything is computed from what the run recorded; nothing is trained or written.
Warnings are about the whole run so far, whatever step is explained.`;

export function explainCommand(context: CommandContext): Command {
  return command(
    'explain',
    'a step in plain words, and what looks wrong',
    'Explains what a step of a run did, and warns of known failure patterns with the setting to change.',
    help,
  )
    .argument('<run>', 'id, the beginning of it, or name')
    .argument('[step]', 'the step to explain (default: the newest)')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((name: string, step: string | undefined, options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async ({ store: { reader } }) => {
          const explanation = await explainRun(
            reader,
            name,
            step === undefined ? undefined : wholeNumber('STEP', step),
          );
          output.emit(explanation);
          if (!output.json) output.say(explanationText(explanation, output));
          return 0;
        }),
      ),
    );
}

function explanationText({ run, step, warnings, warningsNote }: RunExplanation, output: Output): string {
  const section = (title: string, ...parts: string[]) =>
    [output.paint('bold', title), ...parts.filter((part) => part !== '').map((part) => indent(part, 2))].join('\n');
  const text = (sentences: string[]) =>
    sentences.map((sentence) => wrap(sentence, Math.min(output.width, textWidth) - 2)).join('\n');
  const title = output.paint('bold', `Run ${run.id} (${run.name}), step ${step.step}`);
  const body = step.type === 'grpo' ? grpoSections(step, section, text) : [section('Loss', text(step.sentences))];
  const found = warnings.map(({ title, evidence, advice }) =>
    section(`${output.paint('yellow', 'warning:')} ${title}`, text([evidence, advice])),
  );
  return [title, ...body, section('Warnings', text([warningsNote])), ...found].join('\n\n');
}

function grpoSections(
  { loss, ratio, advantages, groups, tokens }: GrpoStepExplanation,
  section: (title: string, ...parts: string[]) => string,
  text: (sentences: string[]) => string,
): string[] {
  const terms = loss.terms.map(({ name, value, note }) => [
    name,
    formatNumber(Math.abs(value) < rounding ? 0 : value),
    note,
  ]);
  return [
    section('Loss', rows(terms), text(loss.sentences)),
    section('Ratio', text(ratio.sentences)),
    section('Advantages', text(advantages.sentences)),
    section('Groups', text(groups.sentences)),
    section('Tokens pushed most', text(tokens.sentences), tokens.pushes.length === 0 ? '' : tokenTable(tokens.pushes)),
  ];
}

/** Aligned columns without a title line. */
function rows(cells: string[][]): string {
  const [, ...lines] = formatTable([{ title: '' }, { title: '', align: 'right' }, { title: '' }], cells).split('\n');
  return lines.join('\n');
}

function tokenTable(pushes: TokenPush[]): string {
  const named = pushes[0].text !== null;
  return formatTable(
    [
      { title: 'push', align: 'right' },
      { title: 'from A', align: 'right' },
      { title: 'from KL', align: 'right' },
      { title: 'probability', align: 'right' },
      { title: 'row', align: 'right' },
      { title: named ? 'text before' : 'place', align: 'right' },
      { title: 'token' },
    ],
    pushes.map(({ coefficient, fromAdvantage, fromKl, probability, row, position, before, text, token }) => [
      signed(coefficient),
      signed(fromAdvantage),
      signed(fromKl),
      formatNumber(probability),
      String(row),
      before === null ? String(position) : oneLine(before),
      text === null ? String(token) : oneLine(text),
    ]),
  );
}

/** `+1.23`, `-0.500`, `0`. */
function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${formatNumber(value)}`;
}

/** Breaks a text at spaces into lines of a width; a longer word keeps a line of its own. */
function wrap(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
