import { tokens } from './lib/tokens';

// An outage of the authorization server does not stop the start: the first request tries again.
await tokens()
  .ready()
  .catch((error: Error) => console.error(error.message));

// For `NEXT_MANUAL_SIG_HANDLE=true next start`. Without the variable, Next.js ends the process before the tokens are revoked.
process.once(
  'SIGTERM',
  () =>
    void tokens()
      .revoke()
      .then(() => process.exit(0)),
);
