/** Which addresses a judge may have: those of this computer. The studio sends no text anywhere else. */
import { isIPv4, isIPv6 } from 'node:net';

/** @returns null, or why the address is refused: a sentence */
export function whyNotLoopback(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    return `"${url}" is no address of a server, such as http://127.0.0.1:11434/v1.`;
  if (parsed.username !== '' || parsed.password !== '')
    return `The judge's address must not hold a user name or password.`;
  // The URL parser has already written 127.1 and 2130706433 as 127.0.0.1.
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const own = host === 'localhost' || (isIPv4(host) && host.startsWith('127.')) || (isIPv6(host) && host === '::1');
  return own
    ? null
    : `The judge's address names "${host}", which is not this computer. Only localhost, 127.0.0.1 and [::1] are allowed.`;
}
