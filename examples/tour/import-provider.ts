/** Loads oidc-provider without its warning on Node.js 20, on which the tour works. */
export async function importProvider() {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}
