/** The Modelfile from which Ollama makes a model of a GGUF file: the file, the chat template in Ollama's language, and where to stop. */
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { chatStyles, type ChatMessage, type ChatStyle } from './chat-styles.ts';

export const MODELFILE = 'Modelfile';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant: ChatMessage = { role: 'assistant', content: 'Four.' };
const system = (content: string): ChatMessage => ({ role: 'system', content });

/** Conversations that a template must render alike to be recognised. */
const probes: readonly (readonly ChatMessage[])[] = [
  [user('What is 2 + 2?')],
  [user('What is 2 + 2?'), assistant, user('Sure?')],
];
const systemProbes: readonly (readonly ChatMessage[])[] = probes.map((probe) => [system('Be brief.'), ...probe]);

/**
 * @param tokenizerFolder the model's tokenizer and chat template
 * @param ggufFile name of the file beside the Modelfile
 * @returns the text, and what the person should know
 */
export async function modelfile(tokenizerFolder: string, ggufFile: string): Promise<{ text: string; notes: string[] }> {
  const tokenizer = await loadTokenizer(tokenizerFolder);
  const lines = [`FROM ./${ggufFile}`];
  const notes: string[] = [];
  const style = recogniseChatStyle((messages) => renderedBy(tokenizer, messages));
  if (style === null) {
    notes.push(
      'The chat template is none that is known here in the language of Ollama, so the Modelfile has none; Ollama looks for a match of its own for the template in the GGUF file.',
    );
  } else {
    lines.push(`TEMPLATE """${style.template}"""`);
    if (style.system !== null) lines.push(`SYSTEM """${style.system}"""`);
  }
  for (const id of tokenizer.eosTokenIds) lines.push(`PARAMETER stop ${JSON.stringify(tokenizer.tokenText(id))}`);
  return { text: `${lines.join('\n')}\n`, notes };
}

/** The conversation through the model's template, without the BOS that Ollama adds by itself; null when the template refuses it. */
function renderedBy(tokenizer: Tokenizer, messages: readonly ChatMessage[]): string | null {
  try {
    const bos = /^(<s>|<bos>|<\|begin_of_text\|>)/;
    return tokenizer.renderPrompt([...messages]).replace(bos, '');
  } catch {
    return null; // such as a template without a system's turn
  }
}

/**
 * @param render a model's chat template; null where it refuses a conversation
 * @returns Ollama's template for it and the system's words that it puts in by itself, or null when none of the known formats is the
 *   model's
 */
export function recogniseChatStyle(
  render: (messages: readonly ChatMessage[]) => string | null,
): { template: string; system: string | null } | null {
  for (const style of chatStyles) {
    // A template that refuses the system's turn is still the same in the others.
    const isSame = (probe: readonly ChatMessage[]) => render(probe) === style.render(probe);
    const isSameOrRefused = (probe: readonly ChatMessage[]) => render(probe) === null || isSame(probe);
    if (!systemProbes.every(isSameOrRefused)) continue;
    if (probes.every(isSame)) return { template: style.template, system: null };
    const words = defaultSystem(style, render(probes[0]));
    if (words !== null && probes.every((probe) => render(probe) === style.render([system(words), ...probe])))
      return { template: style.template, system: words };
  }
  return null;
}

/** What stands in the system's place of a conversation that has no system message. */
function defaultSystem(style: ChatStyle, rendered: string | null): string | null {
  const marker = '\u0000';
  const [before, after] = style.render([system(marker), ...probes[0]]).split(marker);
  if (rendered === null || after === undefined || !rendered.startsWith(before) || !rendered.endsWith(after))
    return null;
  const words = rendered.slice(before.length, rendered.length - after.length);
  return words === '' || words.includes('"""') ? null : words;
}
