/** A part of every secret of the canary. */
export const secretMark = 'cAnArY-s3cr3t';
/** Begins every token of the canary. */
export const tokenMark = 'cAnArY.t0k3n';

/** The marks that must not be found. */
export const marks: readonly string[] = [secretMark, tokenMark];

/** A secret that is spelt differently in every encoding. */
export const markedSecret = `${secretMark}:%+ /"\\é`;

/** The nth token, with the characters that are spelt differently in every encoding. */
export const markedToken = (n: number): string => `${tokenMark}"\\%2B+/=~${n}`;
