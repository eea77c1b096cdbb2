/**
 * SentencePiece's own table of what characters become, which a tokenizer.json carries along (`precompiled_charsmap`): the length of a
 * trie in bytes, the trie as a double array of 32-bit units (darts-clone), and the texts it points to, each ended by a zero byte.
 */

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * As the Rust library reads it: a grapheme of fewer than six bytes is replaced as a whole by what its shortest known beginning
 * becomes; else its characters are, one by one.
 *
 * @throws Error when the table is cut short
 */
export function precompiledMap(table: Buffer): (text: string) => string {
  const trieBytes = table.length < 4 ? Infinity : table.readUInt32LE(0);
  if (trieBytes % 4 !== 0 || trieBytes + 4 > table.length) throw new Error('its precompiled_charsmap is cut short');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, unit) => table.readUInt32LE(4 + 4 * unit));
  const texts = table.subarray(4 + trieBytes);

  /** @returns undefined for a chunk that begins with nothing the table knows */
  const lookUp = (chunk: string): string | undefined => {
    let at = childrenOf(units[0]);
    for (const byte of Buffer.from(chunk)) {
      at ^= byte;
      const unit = units[at] ?? 0;
      if (byte === 0 || (unit & 0x800000ff) !== byte) return undefined;
      at ^= childrenOf(unit);
      if ((unit & 0x100) !== 0) {
        const start = units[at] & 0x7fffffff;
        return texts.toString('utf8', start, texts.indexOf(0, start));
      }
    }
    return undefined;
  };

  return (text) => {
    let normalized = '';
    for (const { segment } of segmenter.segment(text)) {
      const whole = Buffer.byteLength(segment) < 6 ? lookUp(segment) : undefined;
      normalized += whole ?? Array.from(segment, (char) => lookUp(char) ?? char).join('');
    }
    return normalized;
  };
}

/** The offset of a unit's children, by exclusive or. */
function childrenOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
