/** The number of bytes of r and of s, by JWS algorithm (RFC 7518 §3.4). */
const lengths: Readonly<Record<string, number>> = { ES256: 32, ES384: 48, ES512: 66 };

/** Whether the algorithm is ECDSA. */
export const isEcdsa = (algorithm: string): boolean => algorithm in lengths;

/**
 * An ECDSA signature as JWS has it: r and s, each of the length of the curve (RFC 7518 §3.4). Key management services
 * return DER instead (RFC 3279 §2.2.3). `undefined` if the signature is malformed, or of another curve.
 */
export function toJwsEcdsa(signature: Uint8Array, algorithm: string): Uint8Array | undefined {
  const length = lengths[algorithm] as number;
  // In practice, no DER signature is so short that it could be mistaken for this form.
  const halves =
    signature.length === 2 * length ? [signature.subarray(0, length), signature.subarray(length)] : fromDer(signature);
  const integers = halves?.map(withoutZeros);
  if (integers === undefined || integers.some((each) => each.length === 0 || each.length > length)) return undefined;
  const joined = new Uint8Array(2 * length);
  integers.forEach((each, index) => joined.set(each, (index + 1) * length - each.length));
  return joined;
}

/** The two integers of `SEQUENCE { r INTEGER, s INTEGER }`. */
function fromDer(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const sequence = readElement(bytes, 0x30);
  if (sequence === undefined || sequence.rest.length > 0) return undefined;
  const r = readElement(sequence.content, 0x02);
  const s = r && readElement(r.rest, 0x02);
  if (r === undefined || s === undefined || s.rest.length > 0) return undefined;
  const integers = [r.content, s.content];
  // A set first bit would mean a negative number.
  return integers.some(([first = 0x80]) => first >= 0x80) ? undefined : integers;
}

interface Element {
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** Reads one element with this tag. No signature is so long that its length needs more than two bytes. */
function readElement(bytes: Uint8Array, tag: number): Element | undefined {
  const [found, first = 0, second = 0] = bytes;
  const isLong = first === 0x81;
  const start = isLong ? 3 : 2;
  const length = isLong ? second : first;
  const isMalformed = found !== tag || (isLong ? length < 0x80 : length >= 0x80) || bytes.length < start + length;
  if (isMalformed) return undefined;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

function withoutZeros(integer: Uint8Array): Uint8Array {
  const start = integer.findIndex((byte) => byte !== 0);
  return start === -1 ? new Uint8Array() : integer.subarray(start);
}
