import fc from 'fast-check';

/** Any text, half of it ASCII. fast-check's own arbitrary loads a table of all of Unicode. */
export function anyText({ maxLength }: { readonly maxLength: number }): fc.Arbitrary<string> {
  const unit = fc.integer({ min: -0xffff, max: 0xffff }).map((code) => (code < 0 ? 0x20 + (-code % 0x5f) : code));
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}
