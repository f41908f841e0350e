import fc from 'fast-check';

/** A secret that no output may contain. */
export const secret = 'cAnArY-s3cr3t';

const names = ['access_token', 'token_type', 'expires_in', 'scope', 'error', 'error_description', 'issuer'];
const endpoints = ['token_endpoint', 'revocation_endpoint', 'mtls_endpoint_aliases'];
const traps = ['__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'toString', 'valueOf'];
const urls = [
  'https://auth.example',
  'https://auth.example/',
  'http://auth.example',
  'https://evil.example/token',
  'http://127.0.0.1',
  'file:///etc',
  '//x',
];
const words = [
  'Bearer',
  'DPoP',
  'bearer',
  't0ken',
  'a\r\nb',
  'tök',
  'server_error',
  'invalid_client',
  '60',
  '1e9',
  '-1',
];

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('', secret, ...urls, ...words));
const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.constantFrom<unknown>(null, true, false, 60, 3_600));

/** Any JSON value. Some members have known names, others dangerous ones such as `__proto__`. */
export const { value: anyJson } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...names, ...endpoints, ...traps), text), tie('value')), { maxLength: 6 })
    .map((members) => Object.fromEntries(members)),
}));

// JSON as a server may send it: with duplicate members, with a byte order mark, or truncated.
const object = fc
  .array(fc.tuple(fc.constantFrom(...names, ...endpoints, ...traps), anyJson), { maxLength: 6 })
  .map((members) => members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join());
const start =
  '"issuer":"https://auth.example","token_endpoint":"https://auth.example/token","access_token":"t0ken","token_type":"Bearer"';
const whole = fc.oneof(
  object.map((members) => `{${members}}`),
  object.map((members) => `{${start}${members && ','}${members}}`),
  object.map((members) => `{${members}${members && ','}${start}}`),
);

/** The body of a response. */
export const anyBody = fc.oneof(
  whole,
  whole,
  whole.map((body) => `\ufeff${body}`),
  fc.tuple(whole, fc.nat(200)).map(([body, length]) => body.slice(0, length)),
  anyJson.map((value) => JSON.stringify(value)),
  text,
  fc.constantFrom('[', '{"a":', '"').map((piece) => piece.repeat(1_000)),
);

const lifetimes = [
  '0',
  '-0',
  '-1',
  '1e-9',
  '0.5',
  '60',
  '2147483647',
  '2147483648',
  '9223372036854775',
  '9223372036854775807',
  '1e400',
  '1e21',
  '315360000',
  '315360001',
  '1796000000',
  '1796000000000',
  '"60"',
  '" 60"',
  '"6e1"',
  '"0x10"',
  'null',
  'true',
  '[60]',
  '{}',
  '""',
  '"P1D"',
];
const tokenTypes = [
  'Bearer',
  'bearer ',
  'BearerToken',
  'DPoP',
  'mac',
  'pop',
  'N_A',
  'jwt-bearer',
  '',
  '\u0000',
  secret,
];

/** The body of a token response with unusual members. */
export const anyTokenResponse = fc
  .record({
    access_token: fc.constantFrom('"t0ken"', '"t0ken"', '"a\\nb"', '""', 'null'),
    token_type: fc.oneof(
      fc.constantFrom(...tokenTypes).map((type) => JSON.stringify(type)),
      anyJson.map((value) => JSON.stringify(value)),
      fc.constant(undefined),
    ),
    expires_in: fc.oneof(fc.constantFrom(...lifetimes, undefined), fc.double().map(String), fc.bigInt().map(String)),
    scope: fc.oneof(
      text.map((value) => JSON.stringify(value)),
      fc.constant(undefined),
    ),
  })
  .map((members) =>
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [`${JSON.stringify(name)}:${value}`],
    ),
  )
  .map((members) => `{${members.join()}}`);

/** The value of a header. */
export const anyField = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        'Bearer ',
        'DPoP ',
        'OAuth2 ',
        'OAuth ',
        'Token ',
        'error="invalid_token"',
        "error='invalid_token'",
        'error="invalid token"',
        "'",
        "\\'",
        'realm=',
        '"',
        '\\"',
        '\\',
        ',',
        ', ,',
        '=',
        ' ',
        '\t',
        'a',
        'é',
        '==',
      ),
      { maxLength: 30 },
    )
    .map((pieces) => pieces.join('')),
  fc
    .tuple(fc.constantFrom('"\\', 'a=', ', ', 'Bearer a="', ' \t', '='), fc.nat(3_000))
    .map(([piece, n]) => piece.repeat(n)),
);

/** Any value, for an option or a member of an option. */
export const anyOption = fc.oneof(
  scalar,
  anyJson,
  fc.constantFrom<unknown>(undefined, () => 'x', Symbol.iterator, 7n, NaN, new Map(), Object.create(null)),
);

export const anyText = text;
