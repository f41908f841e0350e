import { httpOrigins } from '../../../../core/insecure-url.js';
import { allowedUrl } from '../../../settings/allowed-url.js';
import type { Settings } from '../../../settings/settings.js';
import { type Finding, warn } from '../finding.js';

/** Reports that `--dangerously-allow-http` allows http to this URL, and what that means. */
export function checkHttp(settings: Settings, url: URL): Finding[] {
  return httpOrigins([allowedUrl(settings, url.href)]).map((origin) =>
    warn(
      `http to ${origin} is allowed (${settings.dangerouslyAllowHttp?.source}): the connection is not encrypted by this machine`,
      'use it only where a service mesh encrypts; otherwise any machine on the way can read the secret and the tokens',
    ),
  );
}
