/**
 * Seeded random numbers. Every use has a stream of its own, derived from the run's seed and a path such as step, group and
 * completion: what one part draws never shifts what another draws, and a resumed run needs no saved generator state.
 */

/** sfc32 (Doty-Humphrey's PractRand): 128 bits of state, 32 bits a draw. */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor(words: number[]) {
    [this.#a, this.#b, this.#c, this.#counter] = words;
  }

  /** The stream of a seed and a path of names and numbers, such as (1, 'completion', 17). */
  static of(seed: number, ...path: (string | number)[]): RandomStream {
    const stream = new RandomStream(hash([seed, ...path].join('/')));
    for (let i = 0; i < 12; i++) stream.nextUint32();
    return stream;
  }

  nextUint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    this.#c |= 0;
    return result >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Standard normal (Box–Muller, one of the pair). */
  nextNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextFloat()));
    return radius * Math.cos(2 * Math.PI * this.nextFloat());
  }

  /** A random order of 0 … n − 1 (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.nextFloat() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** Four 32-bit words from a text: FNV-1a from four offsets, each with murmur3's finaliser. */
function hash(text: string): number[] {
  return [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((offset) => {
    let word = offset;
    for (let i = 0; i < text.length; i++) word = Math.imul(word ^ text.charCodeAt(i), 0x01000193);
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  });
}
