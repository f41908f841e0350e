import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

/** All that can be imported from the package, by entry; whoever adds or removes a name changes it here too. */
const entries = {
  'm2m-tokens': {
    source: 'src/index.ts',
    values: [
      'AccessToken',
      'ConfigurationError',
      'GrantRejectedError',
      'GrantUnavailableError',
      'InvalidTokenResponseError',
      'TokenError',
      'clientSecretBasic',
      'clientSecretJwt',
      'clientSecretPost',
      'createTokenService',
      'dangerouslyAllowHttp',
      'dpop',
      'encryptedStore',
      'federatedAssertion',
      'fromFile',
      'isTokenError',
      'jwtBearer',
      'logEvents',
      'memoryStore',
      'mutualTls',
      'privateKeyJwt',
      'staticToken',
      'tokenExchange',
      'tokenServiceFromEnvironment',
    ],
    types: [
      'AccessTokenFields',
      'AccessTokenType',
      'AnyTokenError',
      'AssertionSource',
      'AuthorizationDetail',
      'CacheEvent',
      'CertificateHeader',
      'ClientAssertionOptions',
      'ClientAuthentication',
      'ClientCertificateOptions',
      'ClientSecretBasicOptions',
      'Clock',
      'CredentialFacts',
      'Dpop',
      'DpopKeyPair',
      'DpopOptions',
      'EncryptedStoreOptions',
      'EventLogger',
      'EventOrigin',
      'EventSink',
      'ExpiringSecret',
      'FederatedAssertionOptions',
      'GetTokenOptions',
      'GrantEvent',
      'GrantFacts',
      'GrantReason',
      'GrantType',
      'InsecureUrl',
      'JwtBearerOptions',
      'Lease',
      'LogEventsOptions',
      'MemoryStoreOptions',
      'MutualTls',
      'MutualTlsOptions',
      'PrivateKey',
      'PrivateKeyJwtOptions',
      'PublicKey',
      'RefreshOptions',
      'RequestEvent',
      'RetryOptions',
      'RevokeOptions',
      'Secret',
      'SentGrantFacts',
      'ServiceEvent',
      'Signer',
      'StaticTokenOptions',
      'StoreCall',
      'StoreEvent',
      'StoreOperation',
      'StoredToken',
      'TokenErrorCode',
      'TokenErrorOptions',
      'TokenEvent',
      'TokenExchangeOptions',
      'TokenMembers',
      'TokenRequest',
      'TokenService',
      'TokenServiceOptions',
      'TokenSource',
      'TokenState',
      'TokenStats',
      'TokenStore',
      'WatchListener',
      'WatchOptions',
      'WatchedToken',
    ],
  },
  'm2m-tokens/axios': {
    source: 'src/adapters/axios/index.ts',
    values: ['bearerToken'],
    types: ['BearerTokenOptions'],
  },
  'm2m-tokens/fetch': {
    source: 'src/adapters/fetch/index.ts',
    values: ['withBearerToken'],
    types: ['FetchTokenOptions', 'FetchWithToken'],
  },
  'm2m-tokens/undici': {
    source: 'src/adapters/undici/index.ts',
    values: ['bearerTokenInterceptor'],
    types: ['BearerTokenInterceptorOptions'],
  },
  'm2m-tokens/redis': {
    source: 'src/stores/redis.ts',
    values: ['redisStore'],
    types: ['RedisCommands', 'RedisConnection', 'RedisStoreOptions'],
  },
  'm2m-tokens/layers': {
    source: 'src/layers/index.ts',
    values: [
      'clientCredentials',
      'compose',
      'sharedTokens',
      'tokenCache',
      'withCache',
      'withDefaultRequest',
      'withFastPath',
      'withNegativeCache',
      'withRateLimit',
      'withRetry',
      'withSharedStore',
    ],
    types: [
      'ClientCredentialsOptions',
      'GrantSource',
      'GrantState',
      'Layer',
      'NegativeCacheOptions',
      'RateLimitOptions',
      'RetryLayerOptions',
      'SharedStoreOptions',
      'SharedTokens',
      'SharedTokensOptions',
      'TokenCache',
      'TokenCacheOptions',
    ],
  },
  'm2m-tokens/identity': {
    source: 'src/identity/index.ts',
    values: [
      'awsWebIdentityToken',
      'azureManagedIdentity',
      'executable',
      'gcpIdentityToken',
      'githubActionsToken',
      'gitlabIdToken',
      'kubernetesServiceAccount',
      'spiffeJwtSvid',
      'url',
    ],
    types: [
      'AwsWebIdentityTokenOptions',
      'AzureManagedIdentityOptions',
      'ExecutableOptions',
      'GcpIdentityTokenOptions',
      'GithubActionsTokenOptions',
      'GitlabIdTokenOptions',
      'IdentitySourceOptions',
      'IdentityTokenOptions',
      'IdentityTokenSource',
      'KubernetesServiceAccountOptions',
      'SpiffeJwtSvidOptions',
      'StsAccess',
      'TokenFormat',
      'UrlOptions',
    ],
  },
  'm2m-tokens/opentelemetry': {
    source: 'src/telemetry/opentelemetry/index.ts',
    values: ['observeTokens'],
    types: ['ObserveTokensOptions'],
  },
};

test.each(Object.entries(entries))('%s exports exactly the listed values', async (entry, { values }) => {
  const module = (await import(entry)) as object;

  expect(Object.keys(module).toSorted()).toEqual(values);
});

test.each(Object.entries(entries))('%s exports exactly the listed types', (_, { source, values, types }) => {
  const names = exportedNames(readFileSync(join(root, source), 'utf8'));

  expect(names.toSorted()).toEqual([...values, ...types].toSorted());
});

test('package.json has the listed entries, each in both module formats with its own declarations', () => {
  const { exports, typesVersions } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: object;
    typesVersions: object;
  };
  const names = Object.keys(entries).map((entry) => entry.replace(/^m2m-tokens\/?/, ''));

  const listed = names.map((name) => {
    const built = `./dist/${name || 'index'}`;
    const formats = {
      import: { types: `${built}.d.ts`, default: `${built}.js` },
      require: { types: `${built}.d.cts`, default: `${built}.cjs` },
    };
    return [name === '' ? '.' : `./${name}`, formats];
  });
  expect(exports).toEqual({ ...Object.fromEntries(listed), './package.json': './package.json' });
  // For `"moduleResolution": "node10"`, which does not read `exports`.
  const forNode10 = names.filter(Boolean).map((name) => [name, [`./dist/${name}.d.cts`]]);
  expect(typesVersions).toEqual({ '*': Object.fromEntries(forNode10) });
});

// The exports are found without a type check, because architecture.test.ts allows them by name only.
function exportedNames(text: string): string[] {
  const file = ts.createSourceFile('entry.ts', text, ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      return clause !== undefined && ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [];
    }
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    return isExported ? declaredNames(statement) : [];
  });
}

function declaredNames(statement: ts.Statement): string[] {
  const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
  return declarations.map((declaration) => {
    const name = ts.getNameOfDeclaration(declaration as ts.Declaration);
    return name !== undefined && ts.isIdentifier(name) ? name.text : 'a pattern';
  });
}
