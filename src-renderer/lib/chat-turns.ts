/** Takes a rendered prompt apart into the turns of its conversation, for the chat templates that models commonly bring. Pure. */

export interface Turn {
  /** As the template writes it: `system`, `user`, `assistant`, `model`, … ; null for a prompt without roles. */
  role: string | null;
  text: string;
}

/** How a template opens a turn (group 1 is the role) and what closes it. */
const templates: { open: RegExp; close: RegExp }[] = [
  { open: /<\|im_start\|>(\w+)\n/g, close: /<\|im_end\|>\s*$/ }, // ChatML: Qwen, SmolLM
  { open: /<\|start_header_id\|>(\w+)<\|end_header_id\|>\s*/g, close: /<\|eot_id\|>\s*$/ }, // Llama 3
  { open: /<start_of_turn>(\w+)\n/g, close: /<end_of_turn>\s*$/ }, // Gemma
  { open: /<\|(system|user|assistant)\|>\s*/g, close: /(<\|end\|>|<\/s>)\s*$/ }, // Phi, Zephyr
];

/** The turns in order; the empty one that a template opens for the answer is left out. A prompt of no known template is one turn. */
export function chatTurns(prompt: string): Turn[] {
  for (const { open, close } of templates) {
    const found = [...prompt.matchAll(open)];
    if (found.length === 0) continue;
    const turns = found.map((match, i): Turn => {
      const end = found[i + 1]?.index ?? prompt.length;
      return {
        role: match[1],
        text: prompt
          .slice(match.index + match[0].length, end)
          .replace(close, '')
          .trim(),
      };
    });
    return turns.filter(({ text }) => text !== '');
  }
  return [{ role: null, text: prompt.trim() }];
}

/** What stands before the first turn: the end of one whose beginning is cut off. */
function beforeTurns(prompt: string): string {
  const { open, close } = templates.find((template) => prompt.search(template.open) >= 0) ?? templates[0];
  return prompt.slice(0, prompt.search(open)).replace(close, '').trim();
}

/** What a prompt asks, in one line: the last turn of the person. Also of a prompt whose beginning is cut off. */
export function questionOf(prompt: string): string {
  const turns = chatTurns(prompt);
  const last = turns.findLast(({ role }) => role === 'user') ?? turns.at(-1);
  return (last?.text ?? beforeTurns(prompt)).replaceAll(/\s+/g, ' ');
}
