import type { Attributes } from '@opentelemetry/api';

import { isTokenError } from '../../core/errors.js';
import type { EventOrigin } from '../../core/events.js';
import { parseUrl } from '../../core/secure-url.js';
import { isRegisteredErrorCode } from '../../grant/errors/error-response.js';
import type { TokenStats } from '../../service/stats.js';

/** The attributes of all metrics and spans of one token service. */
export const commonAttributes = ({
  service,
  authorizationServer,
  grantType,
}: Pick<TokenStats, 'service' | 'authorizationServer' | 'grantType'>): Attributes => ({
  'm2m.client.name': service,
  'server.address': hostOf(authorizationServer),
  'oauth.grant_type': grantType,
});

/** The attributes of a span of one of several token services. */
export const attributesOfOrigin = ({
  service = '',
  authorizationServer = '',
  grantType = '',
}: EventOrigin): Attributes => commonAttributes({ service, authorizationServer, grantType });

/** The host name of a URL or an origin: no brackets around an IPv6 address, as the conventions of OpenTelemetry say. */
export const hostOf = (url: string): string => parseUrl(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? url;

/**
 * The value of `error.type`: the error code of OAuth, if it is a registered one, or the code of the error. An
 * authorization server may send any other text as error code.
 */
export function errorType(error: unknown): string {
  if (!isTokenError(error)) return otherError;
  if (error.code !== 'ERR_GRANT_REJECTED' || error.error === undefined) return error.code;
  return isRegisteredErrorCode(error.error) ? error.error : error.code;
}

/** The value of `error.type` that the conventions of OpenTelemetry have for errors that are not in the list. */
const otherError = '_OTHER';

/** Passes on a limited number of different values of `error.type`, which come from a package of the user. */
export function limitedErrorTypes(maxTypes = 20): (type: string) => string {
  const known = new Set<string>();
  return (type) => {
    if (known.size < maxTypes) known.add(type);
    return known.has(type) ? type : otherError;
  };
}
