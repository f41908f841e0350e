import type { Credentials } from '../../src/cli/settings/auth-methods.js';
import type { SettingName } from '../../src/cli/settings/definitions.js';
import type { Settings } from '../../src/cli/settings/settings.js';

/** Settings of the command that a test has made up. */
export const settingsOf = (values: Partial<Record<SettingName, string>>): Settings =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: 'test' }]));

/** These credentials, and none else. */
export const credentialsOf = (some: Partial<Credentials>): Credentials => ({
  secret: '',
  key: '',
  certificate: '',
  assertion: '',
  ...some,
});
