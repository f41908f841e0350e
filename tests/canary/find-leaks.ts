/** A mark that was found in a text, and its encoding there. */
export interface Leak {
  readonly mark: string;
  readonly as: string;
}

/**
 * Finds marked secrets and tokens in a text: in clear, percent-encoded, form-encoded, with JSON escapes (also repeated
 * ones), in base64 and base64url at any position, and as hexadecimal or decimal bytes, as buffers are printed. All
 * secrets contain one mark, and all tokens contain another.
 */
export function findLeaks(artefact: string, marks: readonly string[]): Leak[] {
  const readings = readingsOf(artefact);
  return marks.flatMap((mark) =>
    spellingsOf(mark)
      .filter(({ as, spelling }) => readings[as]?.includes(spelling))
      .map(({ as }) => ({ mark, as })),
  );
}

/** The decoded forms of an artefact, by encoding. */
function readingsOf(artefact: string): Readonly<Record<string, string>> {
  // Buffers are printed with spaces between the bytes, long lists with line breaks.
  const isNumeric = /\d[\s,]+\d|[\da-f]{2} [\da-f]{2}/i.test(artefact);
  const dense = isNumeric ? artefact.replace(/\s+/g, '') : artefact;
  return {
    'in clear': artefact,
    'URL-encoded': decodedUrl(artefact),
    'with JSON escapes': unescaped(artefact),
    base64: artefact,
    base64url: artefact,
    hex: dense.toLowerCase(),
    numbers: dense,
  };
}

const spellings = new Map<string, readonly { readonly as: string; readonly spelling: string }[]>();

function spellingsOf(mark: string): readonly { readonly as: string; readonly spelling: string }[] {
  const known = spellings.get(mark);
  if (known !== undefined) return known;
  const bytes = Buffer.from(mark, 'utf8');
  const made = [
    ...['in clear', 'URL-encoded', 'with JSON escapes'].map((as) => ({ as, spelling: mark })),
    ...(['base64', 'base64url'] as const).flatMap((as) =>
      [0, 1, 2].map((offset) => ({ as, spelling: coreOf(bytes, offset, as) })),
    ),
    { as: 'hex', spelling: bytes.toString('hex') },
    { as: 'numbers', spelling: bytes.join() },
  ];
  spellings.set(mark, made);
  return made;
}

/** The base64 characters that depend only on these bytes, if `offset` other bytes precede them. */
function coreOf(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

// Unlike decodeURIComponent, leaves malformed escapes unchanged.
function decodedUrl(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  return text
    .replace(/\+/g, ' ')
    .replace(/(?:%[\da-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString('utf8'));
}

// A log line may contain JSON in a JSON string: returns the text after each removal of escapes.
function unescaped(text: string): string {
  const stages: string[] = [];
  for (let stage = text; stages.length < 4 && stage.includes('\\'); stages.push(stage)) {
    stage = stage.replace(
      /\\(?:u([\da-f]{4})|x([\da-f]{2})|(.))/gi,
      (_all, unit: string, byte: string, other: string) =>
        other === undefined ? String.fromCharCode(Number.parseInt(unit ?? byte, 16)) : other,
    );
  }
  return stages.join('\n');
}
