/** The chat formats that Ollama's templates are written for here. A model's own template is recognised by what it renders, not by its text. */

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface ChatStyle {
  /** The same conversation as Ollama renders it with `template`, up to the start of the assistant's answer. */
  render: (messages: readonly ChatMessage[]) => string;
  /** Go's text/template, as Ollama takes it. */
  template: string;
}

/** Every message between marks of its own, the system's like the others. */
function framed(open: (role: string) => string, close: string): ChatStyle {
  return {
    render: (messages) =>
      messages.map(({ role, content }) => `${open(role)}${content}${close}`).join('') + open('assistant'),
    template: `{{ range .Messages }}${open('{{ .Role }}')}{{ .Content }}${close}{{ end }}${open('assistant')}`,
  };
}

/** Gemma: the assistant is called model, and the system's words open the first turn of the user. */
const gemma: ChatStyle = {
  render: (messages) => {
    const system = messages.find(({ role }) => role === 'system');
    const turns = messages.filter(({ role }) => role !== 'system');
    const text = turns.map(({ role, content }, index) => {
      const words = index === 0 && system !== undefined ? `${system.content}\n\n${content}` : content;
      return `<start_of_turn>${role === 'assistant' ? 'model' : 'user'}\n${words}<end_of_turn>\n`;
    });
    return `${text.join('')}<start_of_turn>model\n`;
  },
  template:
    '{{ $system := .System }}{{ range .Messages }}' +
    '{{ if eq .Role "user" }}<start_of_turn>user\n{{ if $system }}{{ $system }}\n\n{{ $system = "" }}{{ end }}{{ .Content }}<end_of_turn>\n' +
    '{{ else if eq .Role "assistant" }}<start_of_turn>model\n{{ .Content }}<end_of_turn>\n{{ end }}' +
    '{{ end }}<start_of_turn>model\n',
};

/** Mistral's instruct models: only the user's words are marked. The versions differ in spaces and in where the system's words go. */
function mistral(space: string, answerSpace: string): ChatStyle {
  return {
    render: (messages) => {
      const system = messages.find(({ role }) => role === 'system');
      const turns = messages.filter(({ role }) => role !== 'system');
      return turns
        .map(({ role, content }, index) => {
          if (role === 'assistant') return `${answerSpace}${content}</s>`;
          const words = index === 0 && system !== undefined ? `${system.content}\n\n${content}` : content;
          return `[INST]${space}${words}${space}[/INST]`;
        })
        .join('');
    },
    template:
      '{{ $system := .System }}{{ range .Messages }}' +
      `{{ if eq .Role "user" }}[INST]${space}{{ if $system }}{{ $system }}\n\n{{ $system = "" }}{{ end }}{{ .Content }}${space}[/INST]` +
      `{{ else if eq .Role "assistant" }}${answerSpace}{{ .Content }}</s>{{ end }}{{ end }}`,
  };
}

export const chatStyles: readonly ChatStyle[] = [
  framed((role) => `<|im_start|>${role}\n`, '<|im_end|>\n'), // ChatML: Qwen, SmolLM
  framed((role) => `<|start_header_id|>${role}<|end_header_id|>\n\n`, '<|eot_id|>'), // Llama 3
  framed((role) => `<|${role}|>\n`, '<|end|>\n'), // Phi-3
  framed((role) => `<|${role}|>`, '<|end|>'), // Phi-4-mini
  framed((role) => `<|${role}|>\n`, '</s>\n'), // Zephyr, TinyLlama
  gemma,
  mistral(' ', ''),
  mistral(' ', ' '),
  mistral('', ''),
  mistral('', ' '),
];
