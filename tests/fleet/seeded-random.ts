/** Random numbers in [0, 1) that are equal for equal seeds, and independent for other seeds. */
export function seededRandom(...seeds: readonly number[]): () => number {
  let state = seeds.reduce((hash, seed) => scramble(hash ^ scramble(seed)), 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return scramble(state) / 2 ** 32;
  };
}

/** Milliseconds until the next event of a Poisson process. */
export function exponential(random: () => number, meanMs: number): number {
  return -meanMs * Math.log(1 - random());
}

// The finalizer of MurmurHash3: every bit of the input changes half the bits of the result.
function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
