import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as jose from 'jose';
import * as main from 'm2m-tokens';
import * as identity from 'm2m-tokens/identity';
import * as files from 'node:fs/promises';
import ts from 'typescript';

/** The token request of a program. */
export interface SentRequest {
  /** The issuer that the program sets, or `none`. */
  readonly issuer: unknown;
  readonly url: string;
  readonly contentType: string | null;
  readonly authorization: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The first program below a heading of a guide. */
export function programBelow(file: string, heading: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../examples/guides', file), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  return /```ts\n(.+?)```/s.exec(section)?.[1] ?? '';
}

/**
 * Runs a program that makes a token service. Returns the request for its first token. The server answers each request
 * for metadata with those of the issuer, and grants a token.
 */
export async function firstRequestOf(program: string, env: Readonly<Record<string, string>>): Promise<SentRequest> {
  const sent: SentRequest[] = [];
  const services: main.TokenService[] = [];

  const createTokenService: typeof main.createTokenService = (options) => {
    const issuer = options.issuer ?? 'none';
    const service = main.createTokenService({
      ...options,
      async fetch(input, init) {
        const request = new Request(input, init);
        if (request.method === 'GET')
          return Response.json({ issuer, token_endpoint: 'https://auth.example.com/token' });
        sent.push({ issuer, ...(await recorded(request)) });
        return Response.json({ access_token: 'token', token_type: 'Bearer', instance_url: 'https://api.example.com' });
      },
    });
    services.push(service);
    return service;
  };
  const modules: Readonly<Record<string, unknown>> = {
    'm2m-tokens': { ...main, createTokenService },
    'm2m-tokens/identity': identity,
    'node:fs/promises': files,
    jose,
  };
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const AsyncFunction = (async () => {}).constructor as new (
    ...texts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const run = new AsyncFunction('require', 'exports', 'process', 'console', outputText);
  await run((name: string) => modules[name], {}, { env }, { log: () => {} });

  await services[0]?.ready();
  const [request] = sent;
  if (request === undefined) throw new Error('the program sent no token request');
  return request;
}

async function recorded(request: Request): Promise<Omit<SentRequest, 'issuer'>> {
  const body = await request.text();
  const contentType = request.headers.get('content-type');
  const parameters: unknown =
    contentType === 'application/json' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
  return {
    url: request.url,
    contentType,
    authorization: request.headers.get('authorization'),
    parameters: parameters as SentRequest['parameters'],
  };
}
