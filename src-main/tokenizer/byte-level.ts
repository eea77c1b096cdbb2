/** The alphabet of byte-level BPE: every byte stands in the vocabulary as one printable character (GPT-2, `bytes_to_unicode`). */

const charToByte = new Map<string, number>();
let shifted = 256;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  charToByte.set(String.fromCharCode(printable ? byte : shifted++), byte);
}

const encoder = new TextEncoder();

/**
 * The bytes that a token of a byte-level vocabulary stands for. A token with a character outside the alphabet, such as an
 * added token with a space in it, stands for its own UTF-8 text.
 */
export function tokenBytes(token: string): Uint8Array | number[] {
  const bytes: number[] = [];
  for (const char of token) {
    const byte = charToByte.get(char);
    if (byte === undefined) return encoder.encode(token);
    bytes.push(byte);
  }
  return bytes;
}
