import { api } from '../../lib/tokens';

// The page is made for each request, not by `next build`.
export const dynamic = 'force-dynamic';

/** A server component. The browser gets the text, but never the token. */
export default async function OrdersPage() {
  const response = await api('/orders', { method: 'HEAD' });
  return <p>The API responds with {response.status}</p>;
}
