/** A part of every secret of the canary. */
export const secretMark = 'cAnArY-s3cr3t';
/** The start of every token of the canary. */
export const tokenMark = 'cAnArY.t0k3n';

/** The marks that no output may contain. */
export const marks: readonly string[] = [secretMark, tokenMark];

/** A secret that differs in every encoding. */
export const markedSecret = `${secretMark}:%+ /"\\é`;

/** The nth token, with characters that differ in every encoding. */
export const markedToken = (n: number): string => `${tokenMark}"\\%2B+/=~${n}`;
