/** Asks a judge's server one question, and says in a sentence what went wrong. */
import { z } from 'zod';
import type { JudgeRule } from '../../contract/reward-rules/judge.ts';

/** Longest reply that is read, in bytes: a server gone mad must not fill the memory. */
const longestReply = 1024 * 1024;

export type JudgeReply = { text: string } | { failed: string };

const replySchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

/** The request's body: it decides the reply, so its hash is the cache's key. */
export function requestBody(rule: JudgeRule, question: string): string {
  return JSON.stringify({
    model: rule.model,
    messages: [{ role: 'user', content: question }],
    temperature: 0,
    max_tokens: rule.max_tokens,
    stream: false,
  });
}

/** Sends one request. Never throws: what fails is in the reply. */
export async function askJudge(rule: JudgeRule, body: string, signal: AbortSignal): Promise<JudgeReply> {
  const timeout = AbortSignal.timeout(rule.timeout_ms);
  try {
    const response = await fetch(`${rule.url.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      // A redirect could lead off this computer.
      redirect: 'error',
      signal: AbortSignal.any([timeout, signal]),
    });
    const text = await readAtMost(response, longestReply);
    if (text === null) return { failed: `replied with more than ${longestReply / 1024 / 1024} MiB` };
    if (!response.ok) return { failed: `replied ${response.status} ${response.statusText}`.trim() };
    const reply = replySchema.safeParse(parseJson(text));
    if (!reply.success) return { failed: 'replied with something that is no chat completion' };
    return { text: reply.data.choices[0].message.content };
  } catch (error) {
    if (timeout.aborted) return { failed: `did not reply within ${rule.timeout_ms} ms` };
    if (signal.aborted) return { failed: 'was not waited for' };
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { failed: `could not be reached (${cause instanceof Error ? cause.message : String(cause)})` };
  }
}

async function readAtMost(response: Response, longest: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop closes the connection.
    if (bytes > longest) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it.
    return undefined;
  }
}
