import fc from 'fast-check';

import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { staticToken } from '../../src/service/static-token.js';
import { type FuzzTarget, must } from './fuzz-target.js';

/** A description of a call of `fetch`, from which its arguments are made. */
interface FetchInput {
  readonly url: string;
  readonly as: 'text' | 'URL' | 'Request' | 'object';
  readonly isInherited: boolean;
  readonly headersAs: 'record' | 'list' | 'Headers' | 'iterator';
  readonly headers: readonly (readonly [string, string])[];
  readonly members: Readonly<Record<string, unknown>>;
  readonly ofRequest: Readonly<Record<string, unknown>>;
}

const origin = 'https://api.example';
const url = fc.constantFrom(
  origin,
  `${origin}/a?b`,
  `${origin}:443/`,
  'https://other.example/',
  'https://u:p@api.example/',
  'x',
);
const method = fc.constantFrom<unknown>('GET', 'post', 'PUT', 'patch', 'DELETE', undefined, null, 'TRACE', 'a b', 7);
const body = fc.constantFrom<unknown>(
  undefined,
  null,
  '',
  'an order',
  new Uint8Array([1, 2]),
  new URLSearchParams('a=b'),
);
const members = fc.record(
  { method, body, redirect: fc.constantFrom<unknown>(undefined, 'follow', 'manual', 'error') },
  { requiredKeys: [] },
);
const headers = fc.array(
  fc.tuple(
    fc.constantFrom('x-a', 'X-A', 'content-type', 'Authorization', 'a b', ''),
    fc.constantFrom('1', ' 2 ', '', 'a\nb', 'é'),
  ),
  { maxLength: 3 },
);

/** Calls of a `fetch` with tokens. It must send the same request as `fetch` itself, and the token. */
export const fetchInit: FuzzTarget = {
  name: 'init of fetch',
  inputs: fc.record({
    url,
    as: fc.constantFrom('text', 'URL', 'Request', 'object'),
    isInherited: fc.boolean(),
    headersAs: fc.constantFrom('record', 'list', 'Headers', 'iterator'),
    headers,
    members,
    ofRequest: members,
  }),
  corpus: [
    {
      url: origin,
      as: 'object',
      isInherited: true,
      headersAs: 'iterator',
      headers: [['x-a', '1']],
      members: { method: 'POST', body: 'a' },
      ofRequest: {},
    },
    {
      url: origin,
      as: 'Request',
      isInherited: false,
      headersAs: 'record',
      headers: [],
      members: { method: undefined },
      ofRequest: { method: 'POST', body: 'a' },
    },
  ],
  async read(input: FetchInput) {
    const [call, same] = [callOf(input), callOf(input)];
    // These arguments cannot be constructed.
    if (call === undefined || same === undefined) return;
    let expected: Request | undefined;
    try {
      expected = new Request(...same);
    } catch {
      // `fetch` itself throws for these arguments.
    }
    const sent: Request[] = [];
    const fetch = async (...args: ConstructorParameters<typeof Request>) => {
      sent.push(new Request(...args));
      return new Response();
    };
    const send = withBearerToken(fetch, staticToken('key'), { origins: [origin] });
    const error: unknown = await send(...call).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (expected === undefined) {
      // Not `instanceof`: under Jest, `fetch` throws a TypeError of another realm.
      const isRefused = (error as Error | undefined)?.name === 'TypeError' && sent.length === 0;
      return must(isRefused, `what fetch refuses is refused: ${String(error)}`);
    }
    const [request] = sent;
    must(error === undefined && request !== undefined, `what fetch sends is sent: ${String(error)}`);
    await compare(request as Request, expected);
  },
};

async function compare(request: Request, expected: Request): Promise<void> {
  const given = expected.headers.get('authorization');
  const mayHaveToken = new URL(expected.url).origin === origin && given === null;
  must(
    request.headers.get('authorization') === (mayHaveToken ? 'Bearer key' : given),
    'the token goes to its origin only',
  );
  for (const each of [request, expected]) each.headers.delete('authorization');
  const factsOf = async (each: Request) =>
    JSON.stringify([each.method, each.url, [...each.headers], Buffer.from(await each.arrayBuffer()).toString('hex')]);
  const [left, right] = [await factsOf(request), await factsOf(expected)];
  must(left === right, `what is sent is what fetch would send: ${left} instead of ${right}`);
}

function callOf({ url: text, as, isInherited, headersAs, headers: list, members: own, ofRequest }: FetchInput) {
  try {
    const init = { ...own, ...(list.length > 0 && { headers: headersOf(headersAs, list) }) };
    const given: RequestInit = isInherited ? Object.create(init) : init;
    return [inputOf(as, text, ofRequest), given] as const;
  } catch {
    return undefined;
  }
}

function inputOf(as: FetchInput['as'], text: string, ofRequest: RequestInit): string | URL | Request {
  if (as === 'URL') return new URL(text);
  if (as === 'Request') return new Request(text, ofRequest);
  // fetch converts an object to a string, whatever members it has.
  return as === 'object' ? ({ url: 'https://evil.example/', toString: () => text } as unknown as URL) : text;
}

function headersOf(as: FetchInput['headersAs'], list: FetchInput['headers']): NonNullable<RequestInit['headers']> {
  const pairs = list.map(([name, value]): [string, string] => [name, value]);
  if (as === 'record') return Object.fromEntries(pairs);
  if (as === 'Headers') return new Headers(pairs);
  return as === 'list' ? pairs : { [Symbol.iterator]: () => pairs[Symbol.iterator]() };
}
