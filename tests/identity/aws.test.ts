import { expect, jest, test } from '@jest/globals';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { awsWebIdentityToken } from '../../src/identity/index.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { unsignedJwt } from '../support/identity-tokens.js';

const audience = 'https://auth.example.com';

class GetWebIdentityTokenCommand {
  readonly input: object;
  constructor(input: object) {
    this.input = input;
  }
}

/** A client as that of the SDK, which sends nothing, and its commands. */
function stsClient(answer: (call: number, signal: AbortSignal | undefined) => Promise<object>) {
  const commands: GetWebIdentityTokenCommand[] = [];
  const client = {
    send(command: GetWebIdentityTokenCommand, options?: { readonly abortSignal?: AbortSignal }): Promise<object> {
      commands.push(command);
      return answer(commands.length, options?.abortSignal);
    },
  };
  return { client, commands };
}

/** An error as the SDK throws it. */
const sdkError = (name: string, members: object, message = 'what happened'): Error =>
  Object.assign(new Error(message), { name, $metadata: {}, ...members });

test('a token of AWS STS is requested with the client and the command of the user, and cached', async () => {
  const clock = fakeClock();
  const token = unsignedJwt({ aud: audience, exp: clock.now() / 1_000 + 300 });
  const { client, commands } = stsClient(async () => ({
    WebIdentityToken: token,
    Expiration: new Date(clock.now() + 300_000),
    $metadata: {},
  }));
  const source = awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience, clock });

  expect([await source(), await source()]).toEqual([token, token]);
  expect(commands).toEqual([new GetWebIdentityTokenCommand({ Audience: [audience], SigningAlgorithm: 'ES384' })]);
  expect(commands[0]).toBeInstanceOf(GetWebIdentityTokenCommand);
});

test('the expiry in the response counts if the token has none that can be read', async () => {
  const { client, commands } = stsClient(async (call) => ({
    WebIdentityToken: `token-${call}`,
    Expiration: new Date(Date.now() + 300_000),
  }));
  const signingAlgorithm = 'RS256';
  const source = awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience, signingAlgorithm });

  expect([await source(), await source()]).toEqual(['token-1', 'token-1']);
  expect(commands[0]?.input).toMatchObject({ SigningAlgorithm: 'RS256' });
});

test.each([
  [
    sdkError('OutboundWebIdentityFederationDisabledException', {
      $fault: 'client',
      $metadata: { httpStatusCode: 403 },
    }),
    /enable outbound identity federation/,
  ],
  [sdkError('AccessDenied', { $fault: 'client', $metadata: { httpStatusCode: 403 } }), /allow sts:GetWebIdentityToken/],
  [sdkError('ValidationError', { $fault: 'client', $metadata: { httpStatusCode: 400 } }), /check the region/],
])('%s is an error that the user must correct', async (cause, advice) => {
  const { client } = stsClient(() => Promise.reject(cause));

  const error = await failureOf(awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience })());

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toContain(`AWS STS issued no token (${cause.name}: what happened)`);
  expect(String(error)).toMatch(advice);
});

test.each([
  sdkError('ThrottlingException', { $fault: 'client', $metadata: { httpStatusCode: 400 } }),
  sdkError('InternalFailure', { $fault: 'server', $metadata: { httpStatusCode: 500 } }),
  sdkError('TimeoutError', { code: 'ECONNRESET' }),
  // The metadata service from which the SDK gets the credentials may not respond.
  sdkError('CredentialsProviderError', {}),
  sdkError('RequestLimit', { $fault: 'client', $retryable: { throttling: true } }),
])('%s may pass', async (cause) => {
  const { client } = stsClient(() => Promise.reject(cause));

  const error = await failureOf(awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience })());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({ retryable: true });
});

test('an error shows no token', async () => {
  const token = unsignedJwt({ aud: audience });
  const { client } = stsClient(() =>
    Promise.reject(sdkError('AccessDenied', { $response: { token } }, `not ${token}`)),
  );

  const error = await failureOf(awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience })());

  expect(linesThatShow(token.slice(0, 20), error)).toEqual([]);
});

test('a client that never responds is aborted', async () => {
  let signal: AbortSignal | undefined;
  const { client } = stsClient((_call, abortSignal) => {
    signal = abortSignal;
    return new Promise(() => undefined);
  });

  jest.useFakeTimers();

  try {
    const failure = failureOf(awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience })());
    await jest.advanceTimersByTimeAsync(5_000);
    const error = await failure;

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('within 5000 ms');
  } finally {
    jest.useRealTimers();
  }
  expect(signal?.aborted).toBe(true);
});

test.each([[{}], [{ WebIdentityToken: 5 }], [undefined]])('the response %j is no token', async (response) => {
  const { client } = stsClient(async () => response as object);

  const error = await failureOf(awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience })());

  expect(String(error)).toContain('the token of AWS STS is not a string');
});

test.each<[object, RegExp]>([
  [{ client: {}, command: GetWebIdentityTokenCommand }, /"client" of awsWebIdentityToken must be an object with/],
  [{ client: stsClient(async () => ({})).client }, /"command" of awsWebIdentityToken must be a function/],
  [{ command: GetWebIdentityTokenCommand }, /"client" of awsWebIdentityToken must be an object with/],
  [{ audience: undefined }, /"audience" of awsWebIdentityToken must be a non-empty string/],
  [{ signingAlgorithm: 'HS256' }, /"signingAlgorithm" of awsWebIdentityToken must be "ES384" or "RS256"/],
])('refuses %j', (options, message) => {
  const make = () => awsWebIdentityToken({ audience, ...options });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});
