/** The headers and the body of a grant as JSON, for vendors that expect it. A repeated parameter is a list. */
export function jsonBody(
  headers: Readonly<Record<string, string>>,
  body: unknown,
): { readonly headers: Record<string, string>; readonly body: string } {
  const form = new URLSearchParams(String(body));
  const members = [...new Set(form.keys())].map((name) => {
    const values = form.getAll(name);
    return [name, values.length > 1 ? values : values[0]] as const;
  });
  return {
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(members)),
  };
}
