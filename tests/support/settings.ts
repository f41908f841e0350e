import type { Credentials } from '../../src/cli/settings/auth-methods.js';
import type { SettingName } from '../../src/cli/settings/definitions.js';
import type { Settings } from '../../src/cli/settings/settings.js';

/** Settings of the command from these values. */
export const settingsOf = (values: Partial<Record<SettingName, string>>): Settings =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: 'test' }]));

/** Credentials of which only these are set. */
export const credentialsOf = (some: Partial<Credentials>): Credentials => ({
  secret: '',
  key: '',
  certificate: '',
  assertion: '',
  subjectToken: '',
  actorToken: '',
  ...some,
});
