/** Loads oidc-provider. On Node 20 it warns that it was made for later releases; nothing that is used here needs one. */
export async function importProvider() {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}
