import { httpOrigins } from '../../../../core/insecure-url.js';
import { allowedUrl } from '../../../settings/allowed-url.js';
import type { Settings } from '../../../settings/settings.js';
import { type Finding, warn } from '../finding.js';

/** Warns if `--dangerously-allow-http` allows http to this URL. */
export function checkHttp(settings: Settings, url: URL): Finding[] {
  return httpOrigins([allowedUrl(settings, url.href)]).map((origin) =>
    warn(
      `http to ${origin} is allowed (${settings.dangerouslyAllowHttp?.source}): this machine does not encrypt the connection`,
      'use it only where a service mesh encrypts; otherwise an attacker in the network can read the secret and the tokens',
    ),
  );
}
