/** Renders conversations with the model's own chat template, in the environment that transformers gives it. */
import * as huggingFace from '@huggingface/jinja';
import type { Message } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import { strftime } from './strftime.ts';
import type { ChatTemplate } from './tokenizer-files.ts';

/** What is used of the library; its own declarations do not resolve under `moduleResolution: nodenext`. */
interface Jinja {
  Template: new (source: string) => { parsed: object };
  Environment: new () => { set(name: string, value: unknown): void };
  Interpreter: new (environment: object) => { run(program: object): { value: string } };
}

const { Environment, Interpreter, Template } = huggingFace as unknown as Jinja;

/**
 * The globals of transformers' environment (utils/chat_template_utils.py). They are set here and not by `Template.render`
 * because its `strftime_now` writes month names in the language of the machine.
 */
const globals: Record<string, unknown> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  strftime_now: (format: string) => strftime(new Date(), format),
};

/**
 * @param chatTemplate null: conversations are refused
 * @param specialTokens `bos_token`, `eos_token`, … as the template's variables
 * @param folder names the model in errors
 * @returns renders a conversation up to the start of the assistant's answer (`add_generation_prompt`); throws StudioError
 *   tokenizer_invalid when there is no template or it fails
 * @throws StudioError tokenizer_invalid when the template cannot be parsed
 */
export function chatTemplateRenderer(
  chatTemplate: ChatTemplate | null,
  specialTokens: Record<string, string>,
  folder: string,
): (messages: Message[]) => string {
  if (chatTemplate === null) {
    return () => {
      const advice = 'Add a chat_template.jinja to it, or use a dataset whose prompts are plain text.';
      throw new StudioError(
        'tokenizer_invalid',
        `The model in ${folder} has no chat template, so it takes no conversations. ${advice}`,
        { path: folder, field: 'chat_template' },
      );
    };
  }
  const { source, path } = chatTemplate;
  const template = attempt(() => new Template(source), `The chat template in ${path} cannot be parsed`, path);
  return (messages) =>
    attempt(
      () => {
        const environment = new Environment();
        const variables = {
          ...globals,
          ...specialTokens,
          messages,
          tools: null,
          documents: null,
          add_generation_prompt: true,
        };
        for (const [name, value] of Object.entries(variables)) environment.set(name, value);
        return new Interpreter(environment).run(template.parsed).value;
      },
      `The chat template in ${path} refuses the conversation`,
      path,
    );
}

function attempt<T>(work: () => T, failure: string, path: string): T {
  try {
    return work();
  } catch (error) {
    const message = `${failure}: ${(error as Error).message.replace(/\.?$/, '.')}`;
    throw new StudioError('tokenizer_invalid', message, { path, field: 'chat_template' }, { cause: error });
  }
}

/** Python's range, as a list. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => from + index * step);
}
