import fc from 'fast-check';

/** Any text, half of it ASCII. The arbitrary of fast-check would load a table of all Unicode characters. */
export function anyText({ maxLength }: { readonly maxLength: number }): fc.Arbitrary<string> {
  const unit = fc.integer({ min: -0xffff, max: 0xffff }).map((code) => (code < 0 ? 0x20 + (-code % 0x5f) : code));
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}
