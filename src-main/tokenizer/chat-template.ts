/** Renders conversations with the model's own chat template, in the environment that transformers gives it. */
import type { Message } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import { strftime } from './strftime.ts';
import { compileTemplate } from './template-interpreter.ts';
import type { ChatTemplates } from './tokenizer-files.ts';

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
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  strftime_now: (format: string) => strftime(new Date(), format),
};

/** What a template is told besides the conversation. */
export interface ChatOptions {
  /** Whether the text ends with the start of the assistant's answer; default true. */
  addGenerationPrompt?: boolean;
  /** Descriptions of functions that the model may call, in the form its template takes. With some, a template named `tool_use` goes first. */
  tools?: readonly object[] | null;
  /** Texts to answer from, for templates that take them. */
  documents?: readonly object[] | null;
}

/**
 * @param chatTemplates null: conversations are refused
 * @param specialTokens `bos_token`, `eos_token`, … as the template's variables
 * @param folder names the model in errors
 * @returns renders a conversation; throws StudioError tokenizer_invalid when there is no template or it fails
 * @throws StudioError tokenizer_invalid when a template cannot be parsed
 */
export function chatTemplateRenderer(
  chatTemplates: ChatTemplates | null,
  specialTokens: Record<string, string>,
  folder: string,
): (messages: readonly Message[], options?: ChatOptions) => string {
  if (chatTemplates === null) {
    return () => {
      const advice = 'Add a chat_template.jinja to it, or use a dataset whose prompts are plain text.';
      throw new StudioError(
        'tokenizer_invalid',
        `The model in ${folder} has no chat template, so it takes no conversations. ${advice}`,
        { path: folder, field: 'chat_template' },
      );
    };
  }
  const { path } = chatTemplates;
  const compile = (source: string) =>
    attempt(() => compileTemplate(source), `The chat template in ${path} cannot be parsed`, path);
  const render = compile(chatTemplates.source);
  const renderWithTools = chatTemplates.toolUse === null ? render : compile(chatTemplates.toolUse);
  return (messages, { addGenerationPrompt = true, tools = null, documents = null } = {}) => {
    const variables = {
      ...globals,
      ...specialTokens,
      messages,
      tools,
      documents,
      add_generation_prompt: addGenerationPrompt,
    };
    return attempt(
      () => (tools === null ? render : renderWithTools)(variables),
      `The chat template in ${path} refuses the conversation`,
      path,
    );
  };
}

function attempt<T>(work: () => T, failure: string, path: string): T {
  try {
    return work();
  } catch (error) {
    const message = `${failure}: ${reason(error).replace(/\.?$/, '.')}`;
    throw new StudioError('tokenizer_invalid', message, { path, field: 'chat_template' }, { cause: error });
  }
}

/** What went wrong, in words about the template where the error speaks of the program that runs it. */
function reason(error: unknown): string {
  if (error instanceof RangeError) return 'it goes too deep or grows too long';
  if (error instanceof TypeError) return 'its syntax is broken';
  const { message } = error as Error;
  if (message === '') return 'it breaks off'; // `break` outside of a loop, too, has no words
  return message
    .replace(/ that is not a function: got Undefined.*/, ' that is not there')
    .replace(/ undefined values/, ' something that is not there');
}
