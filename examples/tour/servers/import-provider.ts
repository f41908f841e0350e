/** Loads oidc-provider and suppresses its warning about Node.js 20, which the tour supports. */
export async function importProvider() {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}
